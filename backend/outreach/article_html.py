"""A guide as an article of WeChat: its own few tags with styles in them, links as plain words.

WeChat drops classes, style sheets, scripts and pictures from elsewhere; a picture is a place
that the upload fills in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

import nh3

from backend.guides.pictures import Picture
from backend.guides.pieces import Guide
from backend.outreach.covers import cover_of, png_of
from backend.outreach.rules import Card

STYLES = {
    "h2": "font-size:18px;margin:24px 0 8px;color:#1d6b54;font-weight:bold",
    "h3": "font-size:16px;margin:18px 0 6px;font-weight:bold",
    "p": "font-size:16px;line-height:1.75;margin:0 0 12px",
    "li": "font-size:16px;line-height:1.75",
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid #9cc9b8",
    "table": "width:100%;border-collapse:collapse;font-size:14px",
    "th": "border:1px solid #d8d8d8;padding:6px;text-align:left",
    "td": "border:1px solid #d8d8d8;padding:6px",
    "img": "width:100%",
}
KEPT = frozenset(
    {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "br", "hr", "blockquote"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
ALONE = frozenset({"br", "hr"})
PENDING = '<p style="color:#a33">【待审，仅供演示】这一篇还没有审定，不能作为依据。</p>'
MARK = "picture:"


@dataclass(frozen=True)
class ReadyArticle:
    """`html` has `picture:NAME` for the address of each of `pictures` (PNG)."""

    title: str
    digest: str
    author: str
    html: str
    source_url: str
    cover: bytes
    pictures: tuple[tuple[str, bytes], ...] = ()

    def with_addresses(self, address_of: Callable[[str, bytes], str]) -> str:
        html = self.html
        for name, png in self.pictures:
            html = html.replace(f'"{MARK}{name}"', f'"{escape(address_of(name, png))}"')
        return html


def ready_article(
    guide: Guide, drawn: Sequence[Picture], card: Card, site: str, cover: bytes | None = None
) -> ReadyArticle:
    """The guide's text under the card's words. `cover`: a chosen one, else the first drawing."""
    pictures = tuple((one.name, png) for one in drawn if (png := png_of(one)))
    html = article_html(guide.html, frozenset(name for name, _ in pictures))
    sources = "；".join(dict.fromkeys(source.title for source in guide.sources))
    foot = f'<p style="{STYLES["p"]};color:#777">依据：{escape(sources)}</p>'
    return ReadyArticle(
        title=card.title,
        digest=card.digest,
        author=card.author,
        html=("" if guide.standing.is_shown else PENDING) + html + foot,
        source_url=f"{site}/g/{guide.slug}",
        cover=cover or cover_of(pictures[0][1] if pictures else None),
        pictures=pictures,
    )


def article_html(html: str, pictures: frozenset[str] = frozenset()) -> str:
    writer = _Writer(pictures)
    writer.feed(html)
    writer.close()
    return nh3.clean(
        "".join(writer.parts),
        tags={*KEPT, "img", "section"},
        attributes={**{tag: {"style"} for tag in STYLES}, "img": {"src", "alt", "style"}},
        url_schemes={"picture"},
        link_rel=None,
    )


class _Writer(HTMLParser):
    """Tags that WeChat keeps, with our styles; of a link the words, of a picture its place."""

    def __init__(self, pictures: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._pictures = pictures

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._picture(dict(attrs))
        elif tag in KEPT:
            style = STYLES.get(tag)
            self.parts.append(f'<{tag} style="{style}">' if style else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in KEPT and tag not in ALONE:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))

    def _picture(self, attrs: dict[str, str | None]) -> None:
        name = (attrs.get("src") or "").rpartition("/")[2].removesuffix(".svg")
        words = attrs.get("alt") or ""
        if name in self._pictures:
            style = STYLES["img"]
            self.parts.append(f'<img src="{MARK}{name}" alt="{escape(words)}" style="{style}">')
        elif words:  # no drawing here: what it says to those who do not see it
            self.parts.append(f'<p style="{STYLES["p"]}">{escape(words)}</p>')
