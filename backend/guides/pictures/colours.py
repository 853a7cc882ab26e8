"""Colours of the pictures: warm paper by day, dim room by night, as in the mini-program.

Words are written in INK, QUIET or WARN; a test computes that they can be read on what lies
below, and that a bar stands out from its track.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Colour(StrEnum):
    """A name until a theme says its value."""

    CARD = "@card"
    SUNK = "@sunk"
    LINE = "@line"
    INK = "@ink"
    QUIET = "@quiet"
    WARN = "@warn"
    WARN_SOFT = "@warn-soft"
    CLAY = "@clay"
    CLAY_SOFT = "@clay-soft"
    LEAF = "@leaf"
    LEAF_SOFT = "@leaf-soft"
    SUN = "@sun"
    SUN_SOFT = "@sun-soft"
    HONEY = "@honey"
    SKY = "@sky"
    SKY_SOFT = "@sky-soft"
    BERRY = "@berry"
    BERRY_SOFT = "@berry-soft"
    NIGHT = "@night"
    NIGHT_SOFT = "@night-soft"


Theme = Mapping[str, str]
"""The value of each colour, by the colour."""

LIGHT: Theme = {
    Colour.CARD: "#fffdfa",
    Colour.SUNK: "#f2ebe1",
    Colour.LINE: "#e6dccf",
    Colour.INK: "#2d2823",
    Colour.QUIET: "#6b6157",
    Colour.WARN: "#845206",
    Colour.WARN_SOFT: "#fbeed0",
    Colour.CLAY: "#b9603d",
    Colour.CLAY_SOFT: "#f9e8de",
    Colour.LEAF: "#5f8452",
    Colour.LEAF_SOFT: "#e8efe0",
    Colour.SUN: "#b27818",
    Colour.SUN_SOFT: "#fbeed0",
    Colour.HONEY: "#f2cb7c",
    Colour.SKY: "#4f80a3",
    Colour.SKY_SOFT: "#e3eef4",
    Colour.BERRY: "#b9566a",
    Colour.BERRY_SOFT: "#f9e5e7",
    Colour.NIGHT: "#5c649b",
    Colour.NIGHT_SOFT: "#e8e9f4",
}

DARK: Theme = {
    Colour.CARD: "#25211d",
    Colour.SUNK: "#36302a",
    Colour.LINE: "#3d3630",
    Colour.INK: "#f3ede5",
    Colour.QUIET: "#b5aa9d",
    Colour.WARN: "#edc26f",
    Colour.WARN_SOFT: "#3d3118",
    Colour.CLAY: "#e79a76",
    Colour.CLAY_SOFT: "#43291d",
    Colour.LEAF: "#9dc191",
    Colour.LEAF_SOFT: "#2a3526",
    Colour.SUN: "#e3b662",
    Colour.SUN_SOFT: "#3d3118",
    Colour.HONEY: "#a67d31",
    Colour.SKY: "#8cb9da",
    Colour.SKY_SOFT: "#22333e",
    Colour.BERRY: "#e596a3",
    Colour.BERRY_SOFT: "#43282c",
    Colour.NIGHT: "#a9b0e3",
    Colour.NIGHT_SOFT: "#2d2f45",
}
