"""A photo as it is kept: drawn anew (`kernel.pixels`), so that nothing else of the file remains."""

from __future__ import annotations

from backend.handbook.diary.photos import (
    LARGEST_BYTES,
    Photo,
    PhotoMissing,
    PhotoTooLarge,
    PhotoUnreadable,
)
from backend.kernel.pixels import NoPicture, TooManyPixels, as_jpeg, pixels

LONGEST_SIDE = 1600  # pixels; a phone's screen and an album's page
SMALL_SIDE = 480  # in the list
# A JPEG is read at the size that is wanted; the others are unpacked whole, four bytes a pixel.
MOST_PIXELS = {"JPEG": 60_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}


def redrawn(data: bytes) -> Photo:
    """Raises PhotoMissing, PhotoTooLarge or PhotoUnreadable."""
    if not data:
        raise PhotoMissing
    if len(data) > LARGEST_BYTES:
        raise PhotoTooLarge
    try:
        picture = pixels(data, MOST_PIXELS, LONGEST_SIDE)
    except TooManyPixels as error:
        raise PhotoTooLarge from error
    except NoPicture as error:
        raise PhotoUnreadable from error
    full = as_jpeg(picture, quality=85)
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Photo(full, as_jpeg(picture, quality=80))
