"""The start page: four doors in demo, the console alone in service."""

from flask import Blueprint, render_template

from backend.deps import deps

bp = Blueprint(
    "start",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/pages",
)


@bp.get("/")
def start() -> str:
    return render_template("pages/start.html", demo=deps().settings.mode != "production")
