"""Small drawings on round tiles of 40 by 40: foods, and an emblem for each picture."""

from __future__ import annotations

from backend.guides.pictures import svg
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.svg import Fragment

TILE = 40


def _tile(soft: Colour, *drawing: Fragment) -> Fragment:
    return svg.group(svg.circle(TILE / 2, TILE / 2, TILE / 2, fill=soft), *drawing)


def milk() -> Fragment:
    return _tile(
        Colour.SKY_SOFT,
        svg.path("M13 10h14l-1.8 20h-10.4z", fill=Colour.CARD, stroke=Colour.SKY),
        svg.path("M13.9 18h12.2l-1.2 11h-9.8z", fill=Colour.SKY),
    )


def cereal() -> Fragment:
    return _tile(
        Colour.SUN_SOFT,
        svg.path("M11 20c1-7 5-10 9-10s8 3 9 10z", fill=Colour.CARD, stroke=Colour.SUN),
        svg.path("M8.5 20h23c0 6-3.5 9-7 10h-9c-3.5-1-7-4-7-10z", fill=Colour.SUN),
        svg.stroke("M17 16l1-1.5M22 15l1 1.5", Colour.SUN),
    )


def vegetable() -> Fragment:
    return _tile(
        Colour.LEAF_SOFT,
        svg.path("M12 28C8 16 18 9 31 10C32 23 24 32 12 28z", fill=Colour.LEAF),
        svg.stroke("M12 28L24 17M17.5 23v-5M19.5 21h5", Colour.LEAF_SOFT),
        svg.stroke("M9 31L12 28", Colour.LEAF),
    )


def fruit() -> Fragment:
    return _tile(
        Colour.BERRY_SOFT,
        svg.path(
            "M20 15c-3-2-10-2-10 6c0 5 3 10 6.5 10c1.5 0 2-.8 3.5-.8s2 .8 3.5 .8"
            "c3.5 0 6.5-5 6.5-10c0-8-7-8-10-6z",
            fill=Colour.BERRY,
        ),
        svg.stroke("M20 15c0-3 .5-5 2-7", Colour.BERRY),
        svg.path("M22.5 12c1-3 4-4 7-3.5c-.5 3-3.5 5-7 3.5z", fill=Colour.LEAF),
    )


def egg() -> Fragment:
    shell = "M20 8.5c5.5 0 9.5 8.5 9.5 13.5a9.5 9.5 0 0 1-19 0c0-5 4-13.5 9.5-13.5z"
    return _tile(
        Colour.SUN_SOFT,
        svg.path(shell, fill=Colour.CARD, stroke=Colour.SUN),
        svg.circle(20, 22.5, 4.5, fill=Colour.SUN),
    )


def fish() -> Fragment:
    return _tile(
        Colour.CLAY_SOFT,
        svg.path("M7 20c5-8 14-9 20-1.5l6-5.5v14l-6-5.5c-6 7.5-15 6.5-20-1.5z", fill=Colour.CLAY),
        svg.circle(13.5, 18.5, 1.6, fill=Colour.CLAY_SOFT),
        svg.stroke("M19 15.5c2 3 2 6 0 9", Colour.CLAY_SOFT),
    )


def soy() -> Fragment:
    return _tile(
        Colour.LEAF_SOFT,
        svg.path("M8 27C12 29 30 24 32 11C26 9 9 15 8 27z", fill=Colour.LEAF),
        svg.circle(14.5, 23, 3, fill=Colour.LEAF_SOFT),
        svg.circle(20.5, 19.5, 3.2, fill=Colour.LEAF_SOFT),
        svg.circle(26, 15.5, 2.6, fill=Colour.LEAF_SOFT),
    )


def oil() -> Fragment:
    drop = "M20 8C23 14 28.5 18 28.5 23.5a8.5 8.5 0 0 1-17 0C11.5 18 17 14 20 8z"
    return _tile(
        Colour.SUN_SOFT,
        svg.path(drop, fill=Colour.SUN),
        svg.stroke("M16 23.5a4.5 4.5 0 0 0 4 5", Colour.SUN_SOFT),
    )


def salt() -> Fragment:
    return _tile(
        Colour.SUNK,
        svg.path("M14 15h12l2 15h-16z", fill=Colour.CARD, stroke=Colour.QUIET),
        svg.path("M14 15c0-8 12-8 12 0z", fill=Colour.QUIET),
        svg.stroke("M17 22v.1M20 26v.1M23 22v.1", Colour.QUIET),
    )


def spoon() -> Fragment:
    return _tile(
        Colour.CLAY_SOFT,
        svg.stroke("M20 20L29.5 29.5", Colour.CLAY, stroke_width=3.5),
        svg.path("M10 10c5-3 12 1 12 8c0 4-4 5-7 3.5c-5-2-7.5-7.5-5-11.5z", fill=Colour.CLAY),
    )


def moon() -> Fragment:
    return _tile(
        Colour.NIGHT_SOFT,
        svg.path("M22 9a11 11 0 1 0 9 16a9.5 9.5 0 0 1-9-16z", fill=Colour.NIGHT),
        svg.stroke("M29 11v4M27 13h4M32.5 19v.1", Colour.NIGHT),
    )


def sprout() -> Fragment:
    return _tile(
        Colour.LEAF_SOFT,
        svg.stroke("M20 31V18", Colour.LEAF),
        svg.path("M20 21C11 21 9 16 9 11C16 11 20 14 20 21z", fill=Colour.LEAF),
        svg.path("M20 18C20 12 24 8.5 31 8.5C31 15 27 18 20 18z", fill=Colour.LEAF),
    )
