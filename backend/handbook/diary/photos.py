"""What a photo may be when it comes in, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from backend.kernel.errors import Invalid

LARGEST_BYTES = 5 * 1024 * 1024


class PhotoMissing(Invalid):
    code = "photo_missing"
    message = "没有收到照片，请重新选择"


class PhotoTooLarge(Invalid):
    code = "photo_too_large"
    message = "照片太大，请选不超过 5 MB 的照片"


class PhotoUnreadable(Invalid):
    code = "photo_unreadable"
    message = "这张照片打不开，请换一张 JPEG、PNG 或 WebP 照片"


@dataclass(frozen=True)
class Photo:
    """Two JPEGs of one picture."""

    full: bytes
    small: bytes
