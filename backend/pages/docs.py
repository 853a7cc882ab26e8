"""The API's documentation: Swagger UI from the installed package, nothing from elsewhere."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, render_template, send_from_directory

bp = Blueprint("docs", __name__, template_folder="templates")

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
SERVED = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})


@bp.get("/api/docs")
def docs() -> str:
    return render_template("pages/docs.html")


@bp.get("/api/docs/<name>")
def asset(name: str) -> Response:
    """A file of Swagger UI; the three that the page uses and no other."""
    if name not in SERVED:
        return Response(status=404)
    return send_from_directory(ASSETS, name, max_age=86400)
