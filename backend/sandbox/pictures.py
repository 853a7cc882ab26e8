"""Pictures that can really be scanned: a QR code where WeChat draws a 小程序码 or a QR code."""

import io
from typing import Literal

import segno
from PIL import Image

QUIET_ZONE = 4  # modules, as the QR standard asks


def qr_picture(text: str, width: int, form: Literal["JPEG", "PNG"] = "JPEG") -> bytes:
    """A square of `width` pixels. PNG has a clear ground, as `is_hyaline` asks for."""
    raw = io.BytesIO()
    segno.make(text, error="m", micro=False).save(raw, kind="png", border=QUIET_ZONE)
    code = Image.open(raw).convert("L").resize((width, width), Image.Resampling.NEAREST)
    out = io.BytesIO()
    if form == "PNG":
        clear = Image.new("RGBA", code.size, (0, 0, 0, 0))
        clear.paste((0, 0, 0, 255), mask=code.point(lambda value: 255 - value))
        clear.save(out, "PNG")
    else:
        code.save(out, "JPEG", quality=90)
    return out.getvalue()


def picture_form(content: bytes) -> str | None:
    """What a file is, whatever it is called: JPEG, PNG, GIF, BMP; None for no such picture."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            form = image.format
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return form if form in ("JPEG", "PNG", "GIF", "BMP") else None
