"""cgi-bin/material/add_material and cgi-bin/media/uploadimg: pictures, as multipart."""

from flask import Response, request

from backend.sandbox.errors import WireError
from backend.sandbox.pictures import picture_form
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp

LARGEST_IMAGE = 10 * 1024 * 1024  # bytes, lasting material of the kind image
LARGEST_THUMB = 64 * 1024
LARGEST_IN_ARTICLE = 1024 * 1024
KINDS = {"image": ("JPEG", "PNG", "GIF", "BMP"), "thumb": ("JPEG",)}
OTHER_KINDS = frozenset({"voice", "video"})  # WeChat's, not ours


@bp.route("/cgi-bin/material/add_material", methods=["GET", "POST"])
def add_material() -> Response:
    account = permitted()
    kind = request.args.get("type", "")
    if kind not in KINDS:
        raise WireError(40005 if kind in OTHER_KINDS else 40004)
    content = uploaded()
    if len(content) > (LARGEST_THUMB if kind == "thumb" else LARGEST_IMAGE):
        raise WireError(40006 if kind == "thumb" else 40009)
    if picture_form(content) not in KINDS[kind]:
        raise WireError(40005)
    media_id, url = sandbox().articles.add_media(account.appid, kind, content)
    return answer({"media_id": media_id, "url": url, "item": []})


@bp.route("/cgi-bin/media/uploadimg", methods=["GET", "POST"])
def uploadimg() -> Response:
    """A picture inside an article: an address only, no material."""
    account = permitted()
    content = uploaded()
    if len(content) > LARGEST_IN_ARTICLE:
        raise WireError(40009)
    if picture_form(content) not in ("JPEG", "PNG"):
        raise WireError(40137)
    _, url = sandbox().articles.add_media(account.appid, "article", content)
    return answer({"url": url})


def uploaded() -> bytes:
    """The bytes of the part `media`. Raises WireError 43002, 41005, 40005 or 44001."""
    if request.method != "POST":
        raise WireError(43002)
    part = request.files.get("media")
    if part is None:
        raise WireError(41005)
    if not part.filename or "." not in part.filename:
        raise WireError(40005)  # WeChat goes by the name of the file
    content: bytes = part.read()
    if not content:
        raise WireError(44001)
    return content
