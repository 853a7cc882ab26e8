"""Markdown to safe HTML and to the blocks of the mini-program.

Both come from the same token tree. Raw HTML in Markdown is shown as text (`html=False`); nh3
then lets only the few tags through that a guide needs.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from backend.guides.pictures import Picture

GUIDE_SCHEME, RECIPE_SCHEME, PAGE_SCHEME = "guide:", "recipe:", "page:"
PICTURE_SCHEME = "picture:"
LINKS = (GUIDE_SCHEME, RECIPE_SCHEME, PAGE_SCHEME)
PAGES: Mapping[str, str] = {"nursing-rooms": "/pages/rooms/rooms"}  # of the mini-program
SCREENS: Mapping[str, str] = {
    GUIDE_SCHEME: "/pages/guide/guide?slug=",
    RECIPE_SCHEME: "/pages/recipe/recipe?slug=",
}
WEB = "/g/"  # H5 pages of the same pieces
PICTURE_ADDRESS = "/g/picture/"

TAGS = {
    *("p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "br", "hr", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "picture", "source", "img"),
}
ATTRIBUTES = {
    "a": {"href"},
    "h2": {"id"},
    "h3": {"id"},
    "ol": {"start"},
    "source": {"srcset", "media"},
    "img": {"src", "alt", "width", "height", "loading"},
}

Node = dict[str, Any]
Block = dict[str, Any]


@dataclass(frozen=True)
class Heading:
    """A heading inside a guide; `id` is the anchor in the HTML and in the mini-program."""

    id: str
    level: int
    text: str


@dataclass(frozen=True)
class Rendered:
    """A text in the forms that are served, and `text`, plain, for searching and counting.

    `blocks`, in order: {"kind": "text", "nodes": […]}, {"kind": "heading", "id", "level",
    "text"} and {"kind": "picture", "name", "title", "alt", "width", "height"}.
    """

    html: str
    blocks: list[Block]
    headings: tuple[Heading, ...]
    pictures: tuple[str, ...]
    text: str

    @property
    def nodes(self) -> list[Node]:
        """The whole text as nodes of one rich-text, for texts that nobody jumps about in."""
        return [node for block in self.blocks for node in _nodes_of_block(block)]


class _GuideMarkdown(MarkdownIt):
    """CommonMark in which a link leads to another piece of ours, a picture is one we draw."""

    def validateLink(self, url: str) -> bool:
        return url.startswith((*LINKS, PICTURE_SCHEME))


@cache
def _parser() -> MarkdownIt:
    return _GuideMarkdown("commonmark", {"html": False}).enable("table")


def links_in(markdown: str) -> tuple[str, ...]:
    """Where a text, or one line of it, leads: `guide:…`, `recipe:…`, `page:…`, `picture:…`."""
    tokens = _inline(_parser().parse(markdown))
    hrefs = [str(t.attrGet("href")) for t in tokens if _opens_link(t)]
    return (*hrefs, *(str(t.attrGet("src")) for t in tokens if t.type == "image"))


def render(
    markdown: str, shown: Container[str], pictures: Mapping[str, Picture] | None = None
) -> Rendered:
    """Render one text. Pure; the same text gives the same bytes.

    A link to a guide or a recipe that is not `shown` becomes plain words, a picture that is not
    there nothing.
    """
    drawn = pictures or {}
    tokens = _parser().parse(markdown)
    _drop_links(tokens, shown)
    headings = _number_headings(tokens)
    blocks = list(_blocks(SyntaxTreeNode(tokens).children, headings, drawn))
    _point_links_at_web(tokens)
    return Rendered(
        html=nh3.clean(_html(tokens, drawn), tags=TAGS, attributes=ATTRIBUTES, link_rel=None),
        blocks=blocks,
        headings=headings,
        pictures=tuple(block["name"] for block in blocks if block["kind"] == "picture"),
        text=_plain(tokens),
    )


def _html(tokens: list[Token], drawn: Mapping[str, Picture]) -> str:
    parser = _parser()
    parts: list[str] = []
    begin = 0
    for place, name in _pictures_alone(tokens):
        parts.append(parser.renderer.render(tokens[begin:place], parser.options, {}))
        parts.append(_figure(drawn[name]) if name in drawn else "")
        begin = place + 3  # the paragraph's beginning, the picture, its end
    parts.append(parser.renderer.render(tokens[begin:], parser.options, {}))
    return "".join(parts)


def _pictures_alone(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    for place, token in enumerate(tokens):
        if token.type == "paragraph_open" and token.level == 0:
            name = _picture_alone(tokens[place + 1])
            if name is not None:
                yield place, name


def _picture_alone(inline: Token) -> str | None:
    """The picture of a paragraph that holds nothing else."""
    children = inline.children or []
    if len(children) != 1 or children[0].type != "image":
        return None
    return str(children[0].attrGet("src")).removeprefix(PICTURE_SCHEME)


def _figure(picture: Picture) -> str:
    address = f"{PICTURE_ADDRESS}{picture.name}"
    return (
        "<figure><picture>"
        f'<source srcset="{address}-dark.svg" media="(prefers-color-scheme: dark)">'
        f'<img src="{address}.svg" alt="{escape(picture.alt)}" width="{picture.width}"'
        f' height="{picture.height}" loading="lazy"></picture></figure>'
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
            dropping = not _leads_somewhere(str(child.attrGet("href")), shown)
        is_link = child.type in {"link_open", "link_close"}
        if not (dropping and is_link):
            yield child


def _leads_somewhere(href: str, shown: Container[str]) -> bool:
    scheme, _, name = href.partition(":")
    return name in PAGES if f"{scheme}:" == PAGE_SCHEME else name in shown


def _point_links_at_web(tokens: list[Token]) -> None:
    for token in _inline(tokens):
        if _opens_link(token):
            name = str(token.attrGet("href")).partition(":")[2]
            token.attrSet("href", WEB + quote(name))


def _screen(href: str) -> str:
    """The page of the mini-program behind a link."""
    scheme, _, name = href.partition(":")
    if f"{scheme}:" == PAGE_SCHEME:
        return PAGES[name]
    return SCREENS[f"{scheme}:"] + quote(name)


def _text_of(token: Token) -> str:
    return "".join(child.content for child in token.children or [] if child.type != "image")


def _plain(tokens: list[Token]) -> str:
    return "\n".join(_text_of(token) for token in tokens if token.type == "inline")


def _blocks(
    children: Sequence[SyntaxTreeNode], headings: tuple[Heading, ...], drawn: Mapping[str, Picture]
) -> Iterator[Block]:
    left, nodes = iter(headings), list[Node]()
    for child in children:
        name = _picture_of(child)
        if child.type != "heading" and name is None:
            nodes += _nodes(child)
            continue
        if nodes:
            yield {"kind": "text", "nodes": nodes}
            nodes = []
        if name is None:
            heading = next(left)
            yield {"kind": "heading"} | vars(heading)
        elif name in drawn:
            yield _picture_block(drawn[name])
    if nodes:
        yield {"kind": "text", "nodes": nodes}


def _nodes_of_block(block: Block) -> list[Node]:
    if block["kind"] == "heading":
        text = {"type": "text", "text": block["text"]}
        return [{"name": f"h{block['level']}", "attrs": {}, "children": [text]}]
    return list(block.get("nodes", ()))


def _picture_of(node: SyntaxTreeNode) -> str | None:
    inline = node.children[0] if node.type == "paragraph" and node.children else None
    return _picture_alone(inline.token) if inline is not None and inline.token else None


def _picture_block(picture: Picture) -> Block:
    return {
        "kind": "picture",
        "name": picture.name,
        "title": picture.title,
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
    }


def _nodes(node: SyntaxTreeNode) -> list[Node]:
    """One token-tree node as rich-text nodes; text is a node of type `text`."""
    if node.type == "inline":
        return [made for child in node.children for made in _nodes(child)]
    if node.type == "text":
        return [{"type": "text", "text": node.content}] if node.content else []
    if node.type in {"softbreak", "image"}:
        return []  # Chinese has no space between lines; a picture stands alone
    if node.tag not in TAGS:
        return [{"type": "text", "text": node.content}]
    if node.hidden:  # the paragraph inside a tight list
        return [made for child in node.children for made in _nodes(child)]
    children = [made for child in node.children for made in _nodes(child)]
    return [{"name": node.tag, "attrs": _attributes(node), "children": children}]


def _attributes(node: SyntaxTreeNode) -> dict[str, str]:
    # no classes: the mini-program puts its own on the nodes by their names
    return {"href": _screen(str(node.attrs["href"]))} if node.tag == "a" else {}
