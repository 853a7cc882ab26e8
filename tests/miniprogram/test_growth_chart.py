"""What of a growth chart is seen, and what is typed into its form: pure, as the phone computes it."""

from typing import Any

import pytest

from tests.miniprogram.tools import call_each

CHART, GROWTH = "utils/chart-view", "utils/growth"
FRAME = {"left": 30, "top": 20, "right": 330, "bottom": 320}


def curves(last: float = 81, along: str = "age", first: float = 0) -> dict[str, Any]:
    """Lines that rise by one for each month, one apart."""
    xs = [first + step for step in range(int(last - first) + 1)]
    return {"along": along, "points": [[x, *(x + z for z in range(-3, 4))] for x in xs]}


def point(x: float, y: float, key: str = "2026-11-23") -> dict[str, Any]:
    return {"key": key, "x": x, "y": y, "second": False}


def test_the_first_view_fits_the_age_and_holds_every_point() -> None:
    asked: list[tuple[str, list[Any]]] = [
        ("firstView", [curves(), [], 0]),
        ("firstView", [curves(), [point(5, 5)], 5]),
        ("firstView", [curves(), [point(5.5, 5)], 5]),
        ("firstView", [curves(), [], 13]),
        ("firstView", [curves(36), [], 35]),  # the table ends
        ("firstView", [curves(), [], 75]),
        ("firstView", [curves(110, "length", 45), [point(60, 6), point(70, 8)], 9]),
        ("firstView", [curves(110, "length", 45), [point(47, 3)], 0]),
        ("firstView", [curves(110, "length", 45), [], 9]),
    ]

    assert [(view["from"], view["to"]) for view in call_each(CHART, asked)] == [
        (0, 6),
        (0, 6),
        (0, 12),
        (0, 24),
        (0, 36),
        (0, 81),
        (52, 78),
        (45, 61),
        (45, 110),
    ]


def test_zooming_keeps_what_is_under_the_fingers_and_stays_inside() -> None:
    view = {"from": 0, "to": 24}
    near, far, least, end = call_each(
        CHART,
        [
            ("zoomed", [view, curves(), 0.5, 6]),
            ("zoomed", [view, curves(), 100, 6]),
            ("zoomed", [view, curves(), 0.001, 6]),
            ("moved", [view, curves(), 1000]),
        ],
    )

    assert near == {"from": 3, "to": 15}  # 6 is still a quarter from the left
    assert far == {"from": 0, "to": 81}
    assert least["to"] - least["from"] == 2
    assert end == {"from": 57, "to": 81}


def test_a_scale_holds_the_lines_and_the_points_that_are_seen() -> None:
    [scale] = call_each(
        CHART,
        [("scaleOf", [curves(), [point(6, 40), point(60, 500)], {"from": 3, "to": 12}, FRAME])],
    )
    asked: list[tuple[str, list[Any]]] = [
        ("left", [scale, 3]),
        ("left", [scale, 12]),
        ("along", [scale, 180]),
        ("pointNear", [scale, [point(6, 40)], {"x": 130, "y": 40}, 26]),
        ("pointNear", [scale, [point(6, 40)], {"x": 160, "y": 40}, 26]),
    ]
    left, right, middle, hit, missed = call_each(CHART, asked)

    assert scale["low"] < 0 < 40 < scale["high"] < 45  # -3 SD at 3 months is 0
    assert (left, right, middle) == (30, 330, 7.5)
    assert hit["key"] == "2026-11-23"
    assert missed is None


@pytest.mark.parametrize(
    ("view", "texts"),
    [
        ((0, 6), ["出生", "1", "2", "3", "4", "5", "6"]),
        ((3, 15), ["4", "6", "8", "10", "12", "14"]),
        ((0, 81), ["出生", "1岁", "2岁", "3岁", "4岁", "5岁", "6岁"]),
    ],
)
def test_ages_are_marked_as_close_as_they_can_be_read(
    view: tuple[float, float], texts: list[str]
) -> None:
    asked = {"from": view[0], "to": view[1]}
    scale = {"frame": FRAME, "view": asked, "low": 0, "high": 10}
    [ticks] = call_each(CHART, [("xTicks", [scale, "age"])])

    assert [tick["text"] for tick in ticks] == texts


@pytest.mark.parametrize(
    ("view", "high", "across", "up"),
    [
        ((0, 12), 12, 1, 0.5),  # numbers every 2 months and 2 kg
        ((0, 24), 30, 1, 5),  # every 6 months and 5: fifths would be too close
        ((0, 81), 40, 6, 5),
    ],
)
def test_thin_lines_divide_the_numbered_ones_and_stay_apart(
    view: tuple[float, float], high: float, across: float, up: float
) -> None:
    scale = {"frame": FRAME, "view": {"from": view[0], "to": view[1]}, "low": 0, "high": high}
    [fine] = call_each(CHART, [("fineTicks", [scale, "age"])])

    assert [fine["xs"][1] - fine["xs"][0], fine["ys"][1] - fine["ys"][0]] == [across, up]


def test_what_is_typed_becomes_grams_and_millimetres() -> None:
    typed = [("8.25", 2, 1000), ("８．２５", 2, 1000), ("8，2", 2, 1000), ("70.5", 1, 10), (" 9 ", 2, 1000)]
    wrong = [("8.255", 2, 1000), ("70.55", 1, 10), ("八公斤", 2, 1000), ("-3", 2, 1000), ("1.2.3", 2, 1000)]

    read = call_each(GROWTH, [("amount", list(given)) for given in (*typed, *wrong)])

    assert read[: len(typed)] == [8250, 8250, 8200, 705, 9000]
    assert read[len(typed) :] == [None] * len(wrong)  # NaN, in JSON


def test_scores_are_said_with_a_real_minus_and_no_false_exactness() -> None:
    z = call_each(GROWTH, [("signed", [value]) for value in (0.524, -1.3, -0.001)])
    centiles = call_each(GROWTH, [("centileText", [value]) for value in (0.4, 1, 49.6, 99, 99.2)])

    assert z == ["+0.52", "−1.30", "0.00"]
    assert centiles == ["P<1", "P1", "P50", "P99", "P>99"]
