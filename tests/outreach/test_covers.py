"""A picture of any shape becomes a cover of WeChat's shape, or a sentence says why not."""

import pytest
from PIL import Image

from backend.outreach.covers import COVER, LARGEST_BYTES, Keep, cover_from
from backend.outreach.rules import CardRefused
from tests.handbook.pictures import BEHIND, BLUE, RED, encoded, is_near, opened, phone_photo

MIDDLE = (COVER[0] // 2, COVER[1] // 2)


@pytest.mark.parametrize(("keep", "colour"), [(Keep.START, RED), (Keep.END, BLUE)])
def test_the_wanted_part_of_a_photo_stays_and_nothing_beside_it(
    keep: Keep, colour: tuple[int, int, int]
) -> None:
    """The phone was held upright: the red half is on top."""
    cover = cover_from(phone_photo((2400, 1800)), keep)

    picture = opened(cover)
    assert (picture.format, picture.size) == ("JPEG", COVER)
    assert is_near(picture.getpixel(MIDDLE), colour)
    assert dict(picture.getexif()) == {}
    assert BEHIND not in cover


def test_a_clear_picture_stands_on_white() -> None:
    clear = Image.new("RGBA", (1000, 1000), (0, 0, 0, 0))
    assert is_near(opened(cover_from(encoded(clear, "PNG"))).getpixel(MIDDLE), (255, 255, 255))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "请选一张图片"),
        (b"x" * (LARGEST_BYTES + 1), "10 MB 以内"),
        (b"<svg/>", "打不开"),
        (phone_photo((2400, 1800))[:4000], "打不开"),
        (encoded(Image.new("RGB", (1000, 1000)), "WEBP"), "JPEG 或 PNG"),
        (encoded(Image.new("L", (6000, 6000)), "PNG"), "像素太多"),
        (encoded(Image.new("RGB", (900, 382)), "PNG"), "至少要 900 × 383 像素"),
    ],
    ids=["none", "large", "svg", "half", "webp", "pixels", "small"],
)
def test_a_bad_picture_is_refused_with_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(CardRefused) as refused:
        cover_from(data)
    assert sentence in str(refused.value.detail)
    assert refused.value.field == "cover"
