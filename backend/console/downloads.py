"""A file to keep, under the name it is saved by."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, name: str, mimetype: str = XLSX) -> ResponseReturnValue:
    """A workbook, unless another kind is said."""
    return send_file(io.BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=name)
