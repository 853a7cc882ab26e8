"""A photo as it is kept: drawn anew, so that nothing of the file that came in remains.

Only pixels pass: EXIF with its place and time, comments, colour profiles, thumbnails and
whatever hangs on behind the picture stay in the bytes that are thrown away.
"""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageCms, ImageOps

from backend.handbook.diary.photos import (
    LARGEST_BYTES,
    Photo,
    PhotoMissing,
    PhotoTooLarge,
    PhotoUnreadable,
)

LONGEST_SIDE = 1600  # pixels; a phone's screen and an album's page
SMALL_SIDE = 480  # in the list
FORMATS = ("JPEG", "PNG", "WEBP")
# A JPEG is read at the size that is wanted; the others are unpacked whole, four bytes a pixel.
MOST_PIXELS = {"JPEG": 60_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
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


def redrawn(data: bytes) -> Photo:
    """Raises PhotoMissing, PhotoTooLarge or PhotoUnreadable."""
    if not data:
        raise PhotoMissing
    if len(data) > LARGEST_BYTES:
        raise PhotoTooLarge
    try:
        picture = _pixels(data)
    except TOO_MANY as error:
        raise PhotoTooLarge from error
    except BROKEN as error:
        raise PhotoUnreadable from error
    full = _jpeg(picture, quality=85)
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Photo(full, _jpeg(picture, quality=80))


def _pixels(data: bytes) -> Image.Image:
    """The picture upright, small enough, in sRGB, on white."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS[str(opened.format)]:
            raise Image.DecompressionBombError
        profile = opened.info.get("icc_profile")
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # unpacks no more of a JPEG than needed
        flat = _flattened(ImageOps.exif_transpose(opened))
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return _in_srgb(flat, profile)


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


def _jpeg(picture: Image.Image, *, quality: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()
