"""Pictures of what the tables under content/ say, drawn as SVG for day and night.

The words of a screen reader are made from the same rows. No chart library: importing
matplotlib alone takes half a second and 60 MB; all pictures are drawn in about 12 ms and 1 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backend.guides.pictures import ages, food, milk, portions, sleep, svg, texture
from backend.guides.pictures.colours import DARK, LIGHT
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.tables import Tables, read_tables


@dataclass(frozen=True)
class Picture:
    """One picture, ready to be served. `width` and `height` are CSS px of the view box."""

    name: str
    title: str
    alt: str
    width: int
    height: int
    light: bytes
    dark: bytes


def draw_all(content_root: Path) -> dict[str, Picture]:
    """Every picture by its name. Raises ContentError with file and line."""
    drawings = _drawings(read_tables(content_root))
    return {drawing.name: _painted(drawing) for drawing in drawings}


def _drawings(tables: Tables) -> list[Drawing]:
    feeding, development = tables.feeding, tables.development
    return [
        *food.draw_foods(feeding.daily_amounts),
        texture.draw_textures(feeding.bands),
        portions.draw_portions(feeding.bands, tables.bowl),
        milk.draw_milk(feeding.bands, tables.source_titles),
        sleep.draw_sleep(development.sleep),
        ages.draw_warning_ages(development.warning_signs.groups, tables.checkups.visits),
    ]


def _painted(drawing: Drawing) -> Picture:
    document = svg.document(drawing.title, drawing.height, *drawing.parts)
    return Picture(
        name=drawing.name,
        title=drawing.title,
        alt=drawing.alt,
        width=svg.WIDTH,
        height=drawing.height,
        light=svg.paint(document, LIGHT),
        dark=svg.paint(document, DARK),
    )
