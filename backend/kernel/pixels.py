"""The pixels of a picture that somebody sent, and not a byte beside them.

EXIF with its place and time, comments, colour profiles, thumbnails and whatever hangs on behind
the picture stay in the bytes that are thrown away.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping

from PIL import Image, ImageCms, ImageOps

WHITE = (255, 255, 255)

# What Pillow raises for bytes that are no picture, or half of one.
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
)
TOO_MANY = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class NoPicture(Exception):
    """Not one of the formats that are taken, or half of one."""


class TooManyPixels(Exception):
    """Unpacking it would cost more than a picture is worth."""


def pixels(data: bytes, most_pixels: Mapping[str, int], side: int) -> Image.Image:
    """The picture upright, no side longer than `side`, in sRGB, on white.

    `most_pixels`: of each format that is taken, by Pillow's name of it. Raises NoPicture or
    TooManyPixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=tuple(most_pixels)) as opened:
            width, height = opened.size
            if width * height > most_pixels[str(opened.format)]:
                raise TooManyPixels
            profile = opened.info.get("icc_profile")
            opened.draft("RGB", (side, side))  # unpacks no more of a JPEG than needed
            flat = _flattened(ImageOps.exif_transpose(opened))
        flat.thumbnail((side, side))
        return _in_srgb(flat, profile)
    except TOO_MANY as error:
        raise TooManyPixels from error
    except BROKEN as error:
        raise NoPicture from error


def as_jpeg(picture: Image.Image, *, quality: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()


def _flattened(picture: Image.Image) -> Image.Image:
    """RGB. A picture of its own, which knows nothing of the file: `info` is not copied."""
    clean = Image.new("RGB", picture.size, WHITE)
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        clean.paste(clear, mask=clear.getchannel("A"))
    else:
        clean.paste(picture.convert("RGB"))
    return clean


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Phones write wider colours; without their profile they would look pale."""
    if not isinstance(profile, bytes):
        return picture
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, TypeError):
        return picture  # a profile for other colours, or a broken one: the picture is still good
    return _flattened(turned) if turned is not None else picture
