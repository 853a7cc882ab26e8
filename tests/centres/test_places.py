from pathlib import Path

import pytest

from backend.centres.places import TownKind, UnknownTown, UnknownVillage, load_places

CONTENT = Path(__file__).parents[2] / "content"
CHENGJIANG = "320281001"
NANZHA = "320281004"


def test_a_family_can_choose_every_town_and_street_of_the_city() -> None:
    places = load_places(CONTENT)

    kinds = [town.kind for town in places]
    assert kinds.count(TownKind.TOWN) == 10
    assert kinds.count(TownKind.SUBDISTRICT) == 6
    assert places.town(CHENGJIANG).name == "澄江街道"


def test_the_high_tech_zone_is_shown_with_the_street_that_is_one_with_it() -> None:
    assert load_places(CONTENT).town("320281400").name == "高新区（城东街道）"


@pytest.mark.parametrize("code", ["320281404", "320281405", "320281406"])
def test_zones_that_are_only_counted_or_overlap_with_streets_are_not_offered(code: str) -> None:
    with pytest.raises(UnknownTown):
        load_places(CONTENT).town(code)


def test_villages_are_named_without_their_committee() -> None:
    names = [village.name for village in load_places(CONTENT).villages(CHENGJIANG)]

    assert len(names) == 38
    assert names[0] == "文定社区"
    assert not any(name.endswith("委会") or "虚拟" in name for name in names)


def test_a_village_of_another_town_is_unknown() -> None:
    places = load_places(CONTENT)
    village = places.villages(NANZHA)[0]

    assert places.village(NANZHA, village.code) == village
    with pytest.raises(UnknownVillage):
        places.village(CHENGJIANG, village.code)


def test_villages_of_an_unknown_town_are_refused() -> None:
    with pytest.raises(UnknownTown):
        load_places(CONTENT).villages("1' OR '1'='1")


def test_a_village_that_lies_in_no_town_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "places"
    folder.mkdir()
    (folder / "towns.yaml").write_text(
        "city: 甲市\ncode: '320281'\ntowns:\n  - {code: '320281001', name: 甲镇, kind: town}\n"
    )
    (folder / "villages.csv").write_text(
        "town_code,village_code,name\n320281001,320281002001,乙村村委会\n"
    )

    with pytest.raises(ValueError, match="320281002001"):
        load_places(tmp_path)


def test_towns_carry_the_source_of_their_codes() -> None:
    for name in ("towns.yaml", "villages.csv"):
        assert "国家统计局" in (CONTENT / "places" / name).read_text(encoding="utf-8")
