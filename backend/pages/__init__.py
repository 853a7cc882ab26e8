"""Pages for everybody: the start page, the preview, the API's documentation, health."""

from flask import Flask

from backend.deps import Deps
from backend.pages import demo, docs, doctor, health, library, library_pages, preview, start


def install(app: Flask, parts: Deps) -> None:
    """Register the pages. What is for a demo is not even there elsewhere."""
    app.register_blueprint(health.blueprint)
    app.register_blueprint(start.bp)
    app.register_blueprint(docs.bp)
    app.register_blueprint(library.bp)
    app.register_blueprint(doctor.bp)
    library_pages.install(app, parts.settings.public_url)
    if parts.settings.mode == "production":
        return
    app.register_blueprint(preview.bp)
    if parts.settings.sandbox_url is not None:
        app.register_blueprint(demo.bp)
