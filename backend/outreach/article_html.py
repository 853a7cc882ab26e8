"""A guide as an article of WeChat: its own few tags with styles in them, links as plain words.

WeChat drops classes, style sheets, scripts and pictures from elsewhere; a picture is a place
that the upload fills in.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import nh3
from PIL import Image, ImageDraw

from backend.guides.pictures import Picture
from backend.guides.pieces import Guide

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
COVER = (900, 383)  # pixels; WeChat's 2.35 : 1
CONTENT_FONTS = "manimgx_fonts_cjk"  # of the extra `book`, as the typesetter
TEMPLATE = Path(__file__).with_name("picture.typ")


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


def ready_article(guide: Guide, drawn: Sequence[Picture], author: str, site: str) -> ReadyArticle:
    pictures = tuple((one.name, png) for one in drawn if (png := png_of(one)))
    html = article_html(guide.html, frozenset(name for name, _ in pictures))
    sources = "；".join(dict.fromkeys(source.title for source in guide.sources))
    foot = f'<p style="{STYLES["p"]};color:#777">依据：{escape(sources)}</p>'
    return ReadyArticle(
        title=guide.title[:32],
        digest=guide.summary[:120],
        author=author,
        html=("" if guide.standing.is_shown else PENDING) + html + foot,
        source_url=f"{site}/g/{guide.slug}",
        cover=cover_of(pictures[0][1] if pictures else None),
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


def png_of(picture: Picture) -> bytes | None:
    """A drawing as a PNG of twice its size; None where the extra `book` is not installed."""
    fonts = find_spec(CONTENT_FONTS)
    if fonts is None or not fonts.submodule_search_locations or find_spec("typst") is None:
        return None
    import typst

    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        format="png",
        ppi=144,
        font_paths=[str(fonts.submodule_search_locations[0])],
        ignore_system_fonts=True,
        sys_inputs={"svg": picture.light.decode(), "width": str(picture.width)},
    )
    return made


def cover_of(png: bytes | None) -> bytes:
    """The upper part of a picture on our ground, or the ground alone with a quiet pattern."""
    cover = Image.new("RGB", COVER, (228, 241, 235))
    draw = ImageDraw.Draw(cover)
    for place, radius in (((120, 330), 190), ((780, 60), 150), ((560, 400), 110)):
        x, y = place
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=(206, 229, 219))
    if png is not None:
        drawing = Image.open(io.BytesIO(png)).convert("RGB")
        drawing.thumbnail((640, 2000))
        left = (COVER[0] - drawing.width) // 2
        cover.paste(drawing.crop((0, 0, drawing.width, COVER[1])), (left, 0))
    out = io.BytesIO()
    cover.save(out, "JPEG", quality=85)
    return out.getvalue()
