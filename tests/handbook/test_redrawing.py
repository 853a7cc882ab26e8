"""What is kept of a photo: the picture, upright and small enough, and not a byte beside it."""

import io
import zlib

import pytest
from PIL import Image, ImageCms

from backend.handbook.diary.photos import (
    LARGEST_BYTES,
    PhotoMissing,
    PhotoTooLarge,
    PhotoUnreadable,
)
from backend.handbook.diary.redrawing import LONGEST_SIDE, SMALL_SIDE, redrawn
from tests.handbook.pictures import (
    BEHIND,
    BLUE,
    COMMENT,
    PHONE_MODEL,
    RED,
    encoded,
    is_near,
    opened,
    phone_photo,
    two_halves,
)


def test_place_time_phone_comment_and_what_hangs_behind_are_gone() -> None:
    taken = phone_photo()
    assert opened(taken).getexif().get_ifd(0x8825)  # the test would notice

    kept = redrawn(taken)

    for data in (kept.full, kept.small):
        picture = opened(data)
        assert picture.format == "JPEG"
        assert dict(picture.getexif()) == {}
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        for secret in (BEHIND, COMMENT, PHONE_MODEL.encode(), b"Exif", b"2026:11:22"):
            assert secret not in data
        assert data.endswith(b"\xff\xd9")


def test_a_photo_that_was_held_sideways_stands_upright() -> None:
    picture = opened(redrawn(phone_photo((800, 600), orientation=6)).full)

    assert picture.size == (600, 800)
    assert is_near(picture.getpixel((300, 100)), RED)
    assert is_near(picture.getpixel((300, 700)), BLUE)


@pytest.mark.parametrize("size", [(4000, 3000), (1601, 40), (3000, 4000)])
def test_the_longest_side_has_its_limit(size: tuple[int, int]) -> None:
    kept = redrawn(encoded(two_halves(size), "JPEG"))

    assert max(opened(kept.full).size) == LONGEST_SIDE
    assert max(opened(kept.small).size) == SMALL_SIDE


def test_a_small_photo_is_not_blown_up() -> None:
    kept = redrawn(encoded(two_halves((90, 60)), "JPEG"))

    assert opened(kept.full).size == opened(kept.small).size == (90, 60)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "1"])
def test_png_and_webp_become_jpeg(kind: str, mode: str) -> None:
    if kind == "WEBP" and mode in {"LA", "P", "1"}:
        mode = "RGBA"

    assert opened(redrawn(encoded(two_halves(mode=mode), kind)).full).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))

    assert is_near(opened(redrawn(encoded(clear, "PNG")).full).getpixel((9, 9)), (255, 255, 255))


def test_of_a_moving_picture_the_first_one_is_kept() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, BLUE)]
    moving = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    assert is_near(opened(redrawn(moving).full).getpixel((9, 9)), RED)


def test_colours_are_turned_into_those_of_every_screen() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for one in (srgb, profile, b"no profile at all"):  # a wrong one leaves the picture as it is
        picture = opened(redrawn(encoded(two_halves(), "JPEG", icc_profile=one)).full)
        assert is_near(picture.getpixel((10, 10)), RED)
        assert "icc_profile" not in picture.info


def test_a_photo_in_the_colours_of_print_is_taken() -> None:
    assert opened(redrawn(encoded(two_halves(mode="CMYK"), "JPEG")).full).mode == "RGB"


def test_no_photo_is_asked_for() -> None:
    with pytest.raises(PhotoMissing):
        redrawn(b"")


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(PhotoTooLarge):
        redrawn(b"\0" * (LARGEST_BYTES + 1))


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""
    return encoded(Image.new("1", (8, 8)), "PNG").replace(_header(8, 8), _header(width, height))


def _header(width: int, height: int) -> bytes:
    body = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    return body + zlib.crc32(body).to_bytes(4, "big")


@pytest.mark.parametrize("side", [6_000, 11_000, 60_000])
def test_a_few_bytes_that_unpack_to_too_much_are_refused(side: int) -> None:
    with pytest.raises(PhotoTooLarge):
        redrawn(_bomb(side, side))


GIF = encoded(two_halves(), "GIF")
BMP = encoded(two_halves((20, 20)), "BMP")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HALF = phone_photo()[:4000]


@pytest.mark.parametrize("data", [GIF, BMP, SVG, HALF, b"x", b"\xff\xd8\xff", b"%PDF-1.7"])
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoUnreadable):
        redrawn(data)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about broken EXIF
def test_bytes_changed_anywhere_raise_nothing_else() -> None:
    good = [phone_photo((64, 48)), encoded(two_halves((64, 48)), "PNG")]
    good.append(encoded(two_halves((64, 48)), "WEBP"))
    for data in good:
        for place in range(0, len(data), 7):
            broken = io.BytesIO(data)
            broken.seek(place)
            broken.write(b"\xff\x00\xff")
            try:
                redrawn(broken.getvalue())
            except (PhotoUnreadable, PhotoTooLarge):
                continue
