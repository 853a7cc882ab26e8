"""What is recorded decides the doses: their days, whether they are wanted, what is asked."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.handbook.doses import KnownFacts, Records, backwards, exceptions
from backend.handbook.questions import Asked, questions
from backend.handbook.schedule import load_schedule
from backend.handbook.source import Mother
from backend.handbook.timeline import Item, Status, next_step, timeline

SCHEDULE = load_schedule(Path(__file__).parents[2] / "content")
BIRTH = date(2025, 1, 10)
ON = date(2026, 11, 23)  # 22 months
EVERY_DOSE = sorted(
    rule.id
    for rule in (*SCHEDULE.rules, *SCHEDULE.others, *SCHEDULE.low_weight)
    if rule.id.startswith("vaccine:")
)
EXPOSED_AND_LIGHT = KnownFacts(mother=Mother.POSITIVE, birth_grams=1900)


def days(**given: str) -> dict[str, date]:
    return {
        f"vaccine:{key.replace('_', '-')}": date.fromisoformat(day) for key, day in given.items()
    }


def book(
    done: dict[str, date], known: KnownFacts | None = None, on: date = ON, birth: date = BIRTH
) -> dict[str, Item]:
    return {item.id: item for item in timeline(SCHEDULE, birth, on, done, known)}


def moved(done: dict[str, date], known: KnownFacts | None = None) -> dict[str, date | None]:
    return exceptions(SCHEDULE, Records(BIRTH, done, known or KnownFacts()), ON)


def test_nothing_recorded_moves_nothing() -> None:
    assert moved({}) == {}
    items = book({})
    assert items["vaccine:hepb-3"].due_date == date(2025, 7, 10)
    assert items["vaccine:hepb-3"].waits_for == "乙肝疫苗第2剂"


@given(birth=st.dates(date(2025, 1, 1), date(2028, 12, 31)))
def test_the_programme_kept_to_the_day_moves_nothing(birth: date) -> None:
    usual = {
        rule.id: rule.due.on(birth) for rule in SCHEDULE.rules if rule.id.startswith("vaccine:")
    }
    for many in range(0, len(usual), 5):
        done = dict(sorted(usual.items(), key=lambda pair: pair[1])[:many])
        last = max(done.values(), default=birth)
        wanted = exceptions(SCHEDULE, Records(birth, done), max(last, birth))
        assert wanted == {}


def test_a_late_dose_moves_the_next_one_and_says_why() -> None:
    done = days(dtap_1="2025-03-10", dtap_2="2025-05-10", dtap_3="2026-08-01")
    item = book(done)["vaccine:dtap-4"]

    assert moved(done) == {"vaccine:dtap-4": date(2027, 2, 1)}
    assert (item.status, item.due_date) == (Status.UPCOMING, date(2027, 2, 1))
    assert item.reason == "与上一剂间隔不少于6个月"
    assert "2026年版" in item.source


def test_after_an_early_dose_the_clinic_is_asked_and_no_day_is_said() -> None:
    done = days(hepb_1="2025-01-10", hepb_2="2025-01-20")
    items = book(done)

    assert items["vaccine:hepb-2"].status is Status.DONE
    assert items["vaccine:hepb-2"].ask_clinic
    third = items["vaccine:hepb-3"]
    assert (third.due_date, third.ask_clinic) == (None, True)
    assert third.reason is not None
    assert third.reason.endswith("请接种门诊核对")
    assert moved(done) == {"vaccine:hepb-3": None}


def test_what_can_only_come_after_the_end_of_catch_up_is_past() -> None:
    done = days(mpsva_1="2026-11-20")

    assert moved(done) == {"vaccine:mpsva-2": None}
    item = book(done)["vaccine:mpsva-2"]
    assert (item.status, item.reason) == (Status.PAST, "满24月龄不再补A群")


def test_who_had_varicella_needs_no_dose_of_it() -> None:
    known = KnownFacts(had_varicella=True)

    assert moved({}, known) == {"vaccine:varv-1": None, "vaccine:varv-2": None}
    assert book({}, known)["vaccine:varv-1"].status is Status.PAST


def test_the_other_product_hides_the_usual_one() -> None:
    done = days(hepai_1="2026-08-01")
    items = book(done)

    assert "vaccine:hepal-1" not in items
    assert items["vaccine:hepai-2"].due_date == date(2027, 2, 1)
    assert moved(done) == {"vaccine:hepal-1": None, "vaccine:hepai-2": date(2027, 2, 1)}


def test_a_light_child_of_an_infected_mother_has_four_doses() -> None:
    items = book({}, EXPOSED_AND_LIGHT)

    assert moved({}, EXPOSED_AND_LIGHT) == {
        "vaccine:hepb-3": date(2025, 3, 10),
        "vaccine:hepb-4": date(2025, 8, 10),
    }
    assert items["vaccine:hepb-3"].sections[0].lines[0] == "乙肝疫苗第3剂，共4剂"
    assert items["vaccine:hepb-4"].waits_for == "乙肝疫苗第3剂"


def test_the_latest_immunoglobulin_holds_live_vaccines_off() -> None:
    known = KnownFacts(immunoglobulin=(date(2026, 10, 1), date(2025, 2, 1)))

    assert book({}, known)["vaccine:mmr-1"].due_date == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("item_id", "day", "other"),
    [
        ("vaccine:hepb-3", "2025-02-10", "vaccine:hepb-2"),
        ("vaccine:hepb-1", "2025-03-02", "vaccine:hepb-2"),
        ("vaccine:hepb-4", "2025-02-28", "vaccine:hepb-2"),
        ("vaccine:hepb-3", "2025-03-01", None),
        ("vaccine:hepb-2", "2025-01-02", None),
        ("vaccine:mmr-1", "2025-01-02", None),
    ],
)
def test_doses_run_in_their_order(item_id: str, day: str, other: str | None) -> None:
    records = Records(BIRTH, days(hepb_2="2025-03-01"))

    assert backwards(SCHEDULE, records, item_id, date.fromisoformat(day)) == other


def test_the_next_step_is_of_the_same_vaccine_and_then_of_its_kind() -> None:
    items = timeline(SCHEDULE, BIRTH, ON, days(hepb_1="2025-01-10"))
    by_id = {item.id: item for item in items}

    following = next_step(items, by_id["vaccine:hepb-1"])
    assert following is by_id["vaccine:hepb-2"]
    after = next_step(items, by_id["vaccine:hepal-1"])
    assert after is not None
    assert after.id.startswith("vaccine:")
    guide = next(item for item in items if item.id.startswith("guide:"))
    assert next_step(items, guide) is None


def test_only_what_would_change_an_answer_is_asked() -> None:
    def asked(done: dict[str, date], known: KnownFacts | None = None) -> set[Asked]:
        records = Records(BIRTH, done, known or KnownFacts())
        return {one.asked for one in questions(SCHEDULE.programme, records, ON)}

    nothing = {Asked.MOTHER, Asked.HAD_VARICELLA, Asked.IMMUNOGLOBULIN}
    assert asked({}) == nothing
    assert asked({}, KnownFacts(mother=Mother.UNKNOWN)) == nothing | {Asked.BIRTH_WEIGHT}
    usual = {rule.id: ON for rule in SCHEDULE.rules if rule.id.startswith("vaccine:")}
    assert asked(usual) == set()
    without = {key: day for key, day in usual.items() if "varv" not in key}
    assert asked(without) == {Asked.HAD_VARICELLA, Asked.IMMUNOGLOBULIN}


@settings(max_examples=150)
@given(
    birth=st.dates(date(2019, 1, 1), date(2026, 11, 1)),
    age=st.integers(0, 7 * 366),
    written=st.dictionaries(st.sampled_from(EVERY_DOSE), st.integers(-30, 7 * 366), max_size=12),
    mother=st.sampled_from([None, *Mother]),
    grams=st.sampled_from([None, 1500, 3000]),
    used=st.lists(st.integers(-10, 900), max_size=3),
)
def test_whatever_stands_in_the_book_it_can_be_read(
    birth: date,
    age: int,
    written: dict[str, int],
    mother: Mother | None,
    grams: int | None,
    used: list[int],
) -> None:
    """Joined registrations and corrected birth dates bring what recording would refuse."""
    on = birth + timedelta(days=age)
    done = {item_id: birth + timedelta(days=days) for item_id, days in written.items()}
    gamma = tuple(birth + timedelta(days=days) for days in used)
    known = KnownFacts(mother=mother, birth_grams=grams, immunoglobulin=gamma)
    records = Records(birth, done, known)

    items = {item.id: item for item in timeline(SCHEDULE, birth, on, done, known)}
    tomorrow = exceptions(SCHEDULE, records, max(on, *done.values(), *gamma, birth))

    assert written.keys() <= {item.id for item in items.values() if item.status is Status.DONE}
    assert all(SCHEDULE.rule(item_id) for item_id in tomorrow)
    for item in items.values():
        if item.status not in (Status.DONE, Status.PAST):
            assert (item.due_date is None) <= item.ask_clinic
