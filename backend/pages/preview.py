"""The mini-program in a browser, as miniprogram/preview builds it. Never in production."""

from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, send_from_directory, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.deps import deps

bp = Blueprint("preview", __name__, template_folder="templates")


@bp.get("/preview")
def without_slash() -> AnyResponse:
    return redirect(url_for("preview.files"))


@bp.get("/preview/")
@bp.get("/preview/<path:name>")
def files(name: str = "index.html") -> Response:
    """A file of the build; a page that says what to do when there is none yet."""
    folder = Path(deps().settings.preview_dir).resolve()
    if not (folder / "index.html").is_file():
        return Response(render_template("pages/no-preview.html"), 503)
    return send_from_directory(folder, name, max_age=0)
