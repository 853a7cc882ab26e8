"""The picture above an article, as WeChat gets it: 900 × 383 pixels, a JPEG, drawn anew."""

from __future__ import annotations

import io
from enum import StrEnum
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from backend.guides.pictures import Picture
from backend.kernel.pixels import NoPicture, TooManyPixels, as_jpeg, pixels
from backend.outreach.rules import CardRefused

COVER = (900, 383)  # pixels; WeChat's 2.35 : 1
LARGEST_BYTES = 10 * 1024 * 1024  # WeChat's limit of a picture; what is kept is far smaller
LONGEST_SIDE = 2600
MOST_PIXELS = {"JPEG": 60_000_000, "PNG": 25_000_000}
CONTENT_FONTS = "manimgx_fonts_cjk"  # of the extra `book`, as the typesetter
TEMPLATE = Path(__file__).with_name("picture.typ")


class Keep(StrEnum):
    """What stays of a picture that is too high or too wide."""

    START = "start"  # the upper part, or the left one
    MIDDLE = "middle"
    END = "end"


SHARES = {Keep.START: 0.0, Keep.MIDDLE: 0.5, Keep.END: 1.0}


def cover_from(data: bytes, keep: Keep = Keep.MIDDLE) -> bytes:
    """A picture that a clerk has chosen, cut to the cover's shape. Raises CardRefused."""
    if not data:
        raise CardRefused("请选一张图片", "cover")
    if len(data) > LARGEST_BYTES:
        raise CardRefused("图片太大，微信只收 10 MB 以内的图片", "cover")
    try:
        picture = pixels(data, MOST_PIXELS, LONGEST_SIDE)
    except TooManyPixels as error:
        raise CardRefused("图片的像素太多，请缩小到 4000 × 3000 左右再上传", "cover") from error
    except NoPicture as error:
        raise CardRefused("这张图片打不开，请换一张 JPEG 或 PNG 图片", "cover") from error
    if picture.width < COVER[0] or picture.height < COVER[1]:
        least = f"至少要 {COVER[0]} × {COVER[1]} 像素"
        raise CardRefused(f"图片太小或太窄，手机上会模糊，{least}", "cover")
    share = SHARES[keep]
    return as_jpeg(ImageOps.fit(picture, COVER, centering=(share, share)), quality=85)


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
    return as_jpeg(cover, quality=85)


@lru_cache(maxsize=32)  # some nine drawings, by what they look like
def drawn_cover(picture: Picture) -> bytes | None:
    """A drawing of the library as a cover; None where the extra `book` is not installed."""
    png = png_of(picture)
    return None if png is None else cover_of(png)


def can_draw() -> bool:
    return bool(_font_folders()) and find_spec("typst") is not None


def png_of(picture: Picture) -> bytes | None:
    """A drawing as a PNG of twice its size; None where the extra `book` is not installed."""
    if not can_draw():
        return None
    import typst

    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        format="png",
        ppi=144,
        font_paths=_font_folders(),
        ignore_system_fonts=True,
        sys_inputs={"svg": picture.light.decode(), "width": str(picture.width)},
    )
    return made


def _font_folders() -> list[str]:
    fonts = find_spec(CONTENT_FONTS)
    return list(fonts.submodule_search_locations or ()) if fonts is not None else []
