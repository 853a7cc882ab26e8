"""Markdown to safe HTML and to the nodes of the mini-program's rich-text component.

Both come from the same token tree. Raw HTML in Markdown is shown as text (`html=False`); nh3
then lets only the few tags through that a guide needs.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

GUIDE_SCHEME = "guide:"
GUIDE_PAGE = "/g/"  # H5 pages of the same guides
GUIDE_SCREEN = "/pages/guide/guide?slug="  # mini-program

TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "br", "hr", "blockquote"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "h3": {"id"}, "ol": {"start"}}

Node = dict[str, Any]


@dataclass(frozen=True)
class Heading:
    """A heading inside a guide; `id` is the anchor in the HTML."""

    id: str
    level: int
    text: str


@dataclass(frozen=True)
class Rendered:
    """A text in the forms that are served, and `text`, plain, for searching and counting."""

    html: str
    nodes: list[Node]
    headings: tuple[Heading, ...]
    text: str


class _GuideMarkdown(MarkdownIt):
    """CommonMark in which a link can lead to another guide and nowhere else."""

    def validateLink(self, url: str) -> bool:
        return url.startswith(GUIDE_SCHEME)


@cache
def _parser() -> MarkdownIt:
    return _GuideMarkdown("commonmark", {"html": False}).enable("table").disable("image")


def links_in(markdown: str) -> tuple[str, ...]:
    """The slugs of the guides to which a text, or one line of it, leads."""
    hrefs = [str(t.attrGet("href")) for t in _inline(_parser().parse(markdown)) if _opens_link(t)]
    return tuple(href.removeprefix(GUIDE_SCHEME) for href in hrefs)


def render(markdown: str, shown: Container[str]) -> Rendered:
    """Render one text. Pure; the same text gives the same bytes.

    A link to a guide that is not `shown` becomes plain words.
    """
    tokens = _parser().parse(markdown)
    _drop_links(tokens, shown)
    headings = _number_headings(tokens)
    nodes = [node for child in SyntaxTreeNode(tokens).children for node in _nodes(child)]
    _point_links_at(tokens, GUIDE_PAGE)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return Rendered(
        html=nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None),
        nodes=nodes,
        headings=headings,
        text=_plain(tokens),
    )


def _number_headings(tokens: list[Token]) -> tuple[Heading, ...]:
    found: list[Heading] = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            anchor = f"s{len(found) + 1}"
            opening.attrSet("id", anchor)
            found.append(Heading(anchor, int(opening.tag[1]), _text_of(inline)))
    return tuple(found)


def _inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


def _opens_link(token: Token) -> bool:
    return token.type == "link_open"


def _drop_links(tokens: list[Token], shown: Container[str]) -> None:
    for token in tokens:
        if token.children:
            token.children = list(_without_links_to_hidden(token.children, shown))


def _without_links_to_hidden(children: list[Token], shown: Container[str]) -> Iterator[Token]:
    dropping = False  # links do not nest
    for child in children:
        if _opens_link(child):
            dropping = str(child.attrGet("href")).removeprefix(GUIDE_SCHEME) not in shown
        is_link = child.type in {"link_open", "link_close"}
        if not (dropping and is_link):
            yield child


def _point_links_at(tokens: list[Token], prefix: str) -> None:
    for token in _inline(tokens):
        if _opens_link(token):
            token.attrSet("href", _address(str(token.attrGet("href")), prefix))


def _address(href: str, prefix: str) -> str:
    return prefix + quote(href.removeprefix(GUIDE_SCHEME))


def _text_of(token: Token) -> str:
    return "".join(child.content for child in token.children or [])


def _plain(tokens: list[Token]) -> str:
    return "\n".join(_text_of(token) for token in tokens if token.type == "inline")


def _nodes(node: SyntaxTreeNode) -> list[Node]:
    """One token-tree node as rich-text nodes; text is a node of type `text`."""
    if node.type == "inline":
        return [made for child in node.children for made in _nodes(child)]
    if node.type == "text":
        return [{"type": "text", "text": node.content}] if node.content else []
    if node.type == "softbreak":
        return []  # Chinese has no space between lines
    if node.tag not in TAGS:
        return [{"type": "text", "text": node.content}]
    if node.hidden:  # the paragraph inside a tight list
        return [made for child in node.children for made in _nodes(child)]
    children = [made for child in node.children for made in _nodes(child)]
    return [{"name": node.tag, "attrs": _attributes(node), "children": children}]


def _attributes(node: SyntaxTreeNode) -> dict[str, str]:
    # no classes: the mini-program puts its own on the nodes by their names
    return {"href": _address(str(node.attrs["href"]), GUIDE_SCREEN)} if node.tag == "a" else {}
