"""Bowls seen from above, with food from purée to what the family eats."""

from __future__ import annotations

from backend.guides.pictures import svg
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.svg import Fragment

RADIUS = 42
RICE_GRAINS = (
    "M-16-10l3-2M-6-16l4 1M6-15l3 2M-20 2l1 3M-10-2l3-2M1-6l3 2M14-4l3-1M-13 13l3 2"
    "M-2 6l4-1M8 6l3 2M-3 18l4 1M10 17l3-2M18 6l1-3"
)
CRUMBS = "M-20-7v.1M-12-13v.1M-18 6v.1M-9-3v.1M-23 1v.1M-11 9v.1M-15 0v.1M-4-9v.1M-4 4v.1"


def stages() -> tuple[Fragment, ...]:
    """From the softest to the table of the family, each around its own middle."""
    return (_puree(), _pieces(), _soft_rice(), _soft_meal(), _family_meal())


def _bowl(*food: Fragment) -> Fragment:
    return svg.group(
        svg.circle(0, 0, RADIUS, fill=Colour.CLAY_SOFT),
        svg.circle(0, 0, 32, fill=Colour.CARD, stroke=Colour.CLAY),
        *food,
    )


def _puree() -> Fragment:
    """One smooth swirl, as a spoon leaves it."""
    return _bowl(
        svg.path(
            "M-24-2C-25-17-10-25 3-24C17-23 26-12 24 3C22 18 9 25-3 24C-16 23-23 12-24-2z",
            fill=Colour.HONEY,
        ),
        svg.stroke("M0-1c5-2 8 4 4 7c-6 5-15-1-13-9c2-9 13-12 20-6c6 5 6 13 2 18", Colour.SUN),
    )


def _pieces() -> Fragment:
    """Crumbs, and fingers of something as soft as a banana."""
    fingers = "M6-18C12-10 13 2 7 13M18-13C23-5 23 6 17 16"
    return _bowl(
        svg.stroke(CRUMBS, Colour.CLAY, stroke_width=6),
        svg.stroke("M-14-19v.1M-17 13v.1M-6 15v.1M0-15v.1", Colour.LEAF, stroke_width=6),
        svg.stroke(fingers, Colour.SUN, stroke_width=9),
        svg.stroke(fingers, Colour.HONEY, stroke_width=6),
    )


def _soft_rice() -> Fragment:
    """Soft rice with small cubes."""
    return _bowl(
        svg.circle(0, 0, 26, fill=Colour.SUNK),
        svg.stroke(RICE_GRAINS, Colour.QUIET, stroke_width=1.5),
        svg.path("M-14 3h8v8h-8zM6-14h8v8h-8z", fill=Colour.CLAY, stroke=Colour.CLAY),
        svg.path("M-12-13h7v7h-7zM3 10h7v7h-7z", fill=Colour.LEAF, stroke=Colour.LEAF),
    )


def _soft_meal() -> Fragment:
    """Rice on one side, soft large pieces on the other."""
    return _bowl(
        svg.path("M-4-26A26 26 0 1 0-4 26C-9 9-9-9-4-26z", fill=Colour.SUNK),
        svg.stroke("M-17-8l3-2M-20 3l1 3M-12 1l3 1M-13 13l3 2M-11-16l2-2", Colour.QUIET),
        svg.path("M1-22C11-24 20-17 21-9C13-5 2-10 1-22z", fill=Colour.LEAF),
        svg.stroke("M5-18C10-15 14-13 18-11", Colour.LEAF_SOFT),
        svg.rect(0, -3, 13, 11, rx=4, fill=Colour.CLAY),
        svg.rect(12, 5, 11, 10, rx=4, fill=Colour.CLAY),
        svg.rect(1, 12, 12, 10, rx=4, fill=Colour.HONEY, stroke=Colour.SUN),
    )


def _family_meal() -> Fragment:
    """A full plate and chopsticks."""
    return svg.group(
        svg.circle(0, 0, RADIUS, fill=Colour.CLAY_SOFT),
        svg.circle(-5, 0, 29, fill=Colour.CARD, stroke=Colour.CLAY),
        svg.circle(-14, -9, 12, fill=Colour.SUNK),
        svg.stroke("M-20-10l3-2M-13-14l3 2M-14-6l4-1M-9-10l1 3", Colour.QUIET),
        svg.path("M1-19C10-20 17-13 17-5C9-3 1-9 1-19z", fill=Colour.LEAF),
        svg.stroke("M5-15L13-8", Colour.LEAF_SOFT),
        svg.path("M-23 11c7-9 17-9 24-2l8-5v14l-8-5c-7 7-17 7-24-2z", fill=Colour.CLAY),
        svg.circle(-16, 10, 1.6, fill=Colour.CLAY_SOFT),
        svg.stroke("M29-25L32 25M35-23V23", Colour.CLAY, stroke_width=2.5),
    )
