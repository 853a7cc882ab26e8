"""Distances, the order of the list and the picture of the centres: pure, as the phone computes them."""

import itertools
import math
from datetime import date, timedelta
from typing import Any

from backend.kernel.ages import age_months
from tests.miniprogram.tools import call_each

HERE = {"latitude": 31.91, "longitude": 120.28}
DISTANCE, MAP, CENTRES, DATES = (
    f"utils/{name}" for name in ("distance", "centre-map", "centres", "dates")
)
APART = 8  # per cent of the width: dots do not cover one another


def centre(number: int, *place: float, **changes: Any) -> dict[str, Any]:
    """A centre as the API gives it; without a place its coordinates are unknown."""
    latitude, longitude = place or (None, None)
    titles = {"home_visit": "入户指导", "activity": "亲子活动", "class": "家长课堂"}
    free = changes.pop("free", {})
    return {
        "id": number,
        "name": f"{number}中心",
        "town": "某镇",
        "town_code": "320281001",
        "address": "演示路1号",
        "phone_public": None,
        "latitude": latitude,
        "longitude": longitude,
        "opening_hours": None,
        "open_sessions": [
            {"kind": kind, "kind_title": title, "count": free.get(kind, 0)}
            for kind, title in titles.items()
        ],
        **changes,
    }


def listed(*centres: dict[str, Any], **wish: Any) -> dict[str, Any]:
    given = {"kind": "", "here": None, "chosenId": 0} | wish
    [found] = call_each(CENTRES, [("centreList", [list(centres), given])])
    shown: dict[str, Any] = found
    return shown


def drawn(*places: tuple[float, float], here: dict[str, float] | None = None) -> dict[str, Any]:
    points = [
        {"latitude": latitude, "longitude": longitude, "number": number}
        for number, (latitude, longitude) in enumerate(places, 1)
    ]
    [found] = call_each(MAP, [("drawMap", [points, here])])
    picture: dict[str, Any] = found
    return picture


def test_metres_follow_the_great_circle() -> None:
    pairs = [
        ((0, 0), (0, 1), 111_195),  # a degree of the equator of a sphere of 6371.0088 km
        ((31.9, 120.3), (31.9, 120.3), 0),
        ((51.4778, 0), (48.8365, 2.3365), 337_600),  # the observatories of Greenwich and Paris
        ((0, -179.5), (0, 179.5), 111_195),
        ((0, 0), (0, 180), 20_015_115),
    ]
    points = [[dict(zip(HERE, one, strict=True)) for one in pair[:2]] for pair in pairs]

    found = call_each(DISTANCE, [("metresBetween", pair) for pair in points])

    for metres, (*_, expected) in zip(found, pairs, strict=True):
        assert math.isclose(metres, expected, rel_tol=0.002, abs_tol=1)


def test_a_distance_is_said_in_round_words() -> None:
    words = {
        0: "约100米",
        799: "约800米",
        949: "约900米",
        950: "约1公里",
        3_240: "约3.2公里",
        9_940: "约9.9公里",
        9_960: "约10公里",
        12_600: "约13公里",
    }

    assert call_each(DISTANCE, [("distanceText", [metres]) for metres in words]) == list(
        words.values()
    )


def test_the_nearest_comes_first_and_the_unknown_last_in_their_order() -> None:
    far, near, unknown, other = (
        centre(1, 31.75, 120.5),
        centre(2, 31.911, 120.281),
        centre(3),
        centre(4),
    )

    found = listed(unknown, far, other, near, here=HERE)

    assert [(one["id"], one["number"]) for one in found["views"]] == [(2, 1), (1, 2), (3, 3), (4, 4)]
    distances = [one["distance"] for one in found["views"]]
    assert distances == ["约100米", "约27公里", "距离未知", "距离未知"]
    assert [dot["number"] for dot in found["map"]["dots"]] == [1, 2]


def test_without_a_position_the_order_of_the_service_stays_and_no_distance_is_said() -> None:
    found = listed(centre(7), centre(3, 31.9, 120.3), chosenId=3)

    assert [one["id"] for one in found["views"]] == [7, 3]
    assert [one["distance"] for one in found["views"]] == ["", ""]
    assert [one["chosen"] for one in found["views"]] == [False, True]
    assert [dot["number"] for dot in found["map"]["dots"]] == [2]
    assert found["map"]["here"] is None


def test_a_line_says_all_that_the_picture_shows() -> None:
    shown = centre(1, 31.9, 120.3, opening_hours="周一至周五 09:00-17:00", free={"activity": 3})

    [view] = listed(shown, here=HERE, chosenId=1)["views"]

    assert view["label"] == (
        "选1号，1中心，约2.2公里，演示路1号，周一至周五 09:00-17:00，可约：亲子活动 3 场，已选"
    )


def test_only_the_wanted_kind_is_counted() -> None:
    one = centre(1, free={"activity": 3, "class": 1})

    said = [listed(one, kind=kind)["views"][0]["open"] for kind in ("", "class", "home_visit")]

    assert said == ["可约：亲子活动 3 场、家长课堂 1 场", "可约：家长课堂 1 场", "近期没有可约的入户指导"]


def test_the_picture_keeps_directions_and_its_scale() -> None:
    picture = drawn((31.95, 120.05), (31.75, 120.5), (31.75, 120.05))

    north_west, south_east, south_west = picture["dots"]
    assert north_west["top"] < south_west["top"] == south_east["top"]
    assert north_west["left"] == south_west["left"] < south_east["left"]
    wide = south_east["left"] - south_west["left"]
    high = (south_west["top"] - north_west["top"]) * picture["height"] / 100
    metres = 42_500  # from west to east
    assert math.isclose(wide / high, metres / 22_240, rel_tol=0.02)
    assert picture["scale"]["text"] == "10 公里"
    assert math.isclose(picture["scale"]["width"], wide * 10_000 / metres, rel_tol=0.02)


def test_dots_stay_apart_and_inside_the_picture() -> None:
    crowd = [(31.91, 120.28)] * 4 + [(31.9101, 120.2801), (31.75, 120.5), (31.95, 120.0)]

    picture = drawn(*crowd)

    spots = [(dot["left"], dot["top"] * picture["height"] / 100) for dot in picture["dots"]]
    assert all(math.dist(a, b) > APART for a, b in itertools.combinations(spots, 2))
    assert all(0 < left < 100 and 0 < top < picture["height"] for left, top in spots)


def test_the_own_place_is_marked_unless_it_is_far_off() -> None:
    places = ((31.91, 120.28), (31.75, 120.5))

    assert drawn(*places, here=HERE)["here"] is not None
    assert drawn(*places, here={"latitude": 39.9, "longitude": 116.4})["here"] is None
    assert drawn(*places, here={"latitude": 39.9, "longitude": 116.4}) == drawn(*places)


def test_one_centre_is_a_picture_and_none_is_none() -> None:
    assert len(drawn((31.91, 120.28))["dots"]) == 1
    assert call_each(MAP, [("drawMap", [[], HERE])]) == [None]


def test_months_are_counted_as_the_service_counts_them() -> None:
    births = [date(2026, 3, 15), date(2026, 1, 31), date(2024, 2, 29), date(2023, 12, 31)]
    days = [date(2026, 2, 27) + timedelta(days) for days in (0, 1, 2, 30, 31, 32, 260, 261, 262)]
    pairs = [(birth, day) for birth in births for day in days]

    found = call_each(DATES, [("monthsOld", [f"{birth}", f"{day}"]) for birth, day in pairs])

    assert found == [max(0, age_months(birth, day)) for birth, day in pairs]
