"""Photos as phones make them, with all that they tell beside the picture."""

import io
from typing import TYPE_CHECKING

from PIL import Image
from PIL.ExifTags import IFD, Base
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from tests.api.families import Phone

PHONE_MODEL = "PhoneOfTheFamily X9"
BEHIND = b"<script>behind the picture</script>"
COMMENT = b"shot at home"
RED, BLUE = (200, 30, 30), (30, 30, 200)


def phone_photo(size: tuple[int, int] = (800, 600), orientation: int = 6) -> bytes:
    """A JPEG, its left half red, with GPS, camera, time, a comment, and something behind it.

    Orientation 6: to be turned a quarter clockwise, so the red half is on top.
    """
    picture = two_halves(size)
    exif = Image.Exif()
    exif[Base.Model] = PHONE_MODEL
    exif[Base.DateTime] = "2026:11:22 08:15:00"
    exif[Base.Orientation] = orientation
    exif.get_ifd(IFD.GPSInfo).update(
        {1: "N", 2: (31.0, 54.0, 36.0), 3: "E", 4: (120.0, 16.0, 48.0)}
    )
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=exif, comment=COMMENT, quality=90)
    return target.getvalue() + BEHIND


def two_halves(size: tuple[int, int] = (800, 600), mode: str = "RGB") -> Image.Image:
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1]))
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def is_near(found: object, wanted: tuple[int, int, int]) -> bool:
    """JPEG changes colours a little."""
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, wanted, strict=True))


def send_photo(
    phone: "Phone", path: str, data: bytes | None = None, /, **fields: str
) -> TestResponse:
    """A form with a photo, as wx.uploadFile sends it."""
    photo = FileStorage(io.BytesIO(phone_photo() if data is None else data), "tmp_3f.jpg")
    return phone.post_form(path, fields | {"photo": photo})
