"""What holds for every child, whatever it was given and when."""

from datetime import date, timedelta

from hypothesis import given as for_all
from hypothesis import strategies as st

from backend.handbook.vaccines import (
    ChildFacts,
    Mother,
    Status,
    forecast,
)
from tests.handbook.vaccine_answers import PROGRAMME, day

BIRTHS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@st.composite
def children(draw: st.DrawFn) -> tuple[ChildFacts, date]:
    """A child on a day, with doses given in any disorder that is not refused."""
    birth = draw(BIRTHS)
    age = draw(st.integers(0, 7 * 366))
    given = {}
    for vaccine in PROGRAMME.file.vaccines:
        days = draw(st.lists(st.integers(0, age), max_size=len(vaccine.doses)))
        doses = draw(st.permutations(vaccine.doses))[: len(days)]
        for dose, after in zip(
            sorted(doses, key=lambda one: one.number), sorted(days), strict=True
        ):
            given[dose.id] = birth + timedelta(days=after)
    used = draw(st.none() | st.integers(0, age))
    facts = ChildFacts(
        birth,
        given,
        girl=draw(st.booleans()),
        immunoglobulin=None if used is None else birth + timedelta(days=used),
        mother=draw(st.none() | st.sampled_from(Mother)),
        had_varicella=draw(st.booleans()),
    )
    return facts, birth + timedelta(days=age)


@for_all(children())
def test_no_dose_is_possible_below_its_age_and_given_doses_stay_given(
    child: tuple[ChildFacts, date],
) -> None:
    facts, on = child
    ages = {dose.id: dose.months for vaccine in PROGRAMME.vaccines for dose in vaccine.doses}
    ages["mpsvac-1"] = 24  # for those who never had group A

    for answer in forecast(PROGRAMME, facts, on):
        assert (answer.status is Status.GIVEN) is (answer.id in facts.given)
        if answer.earliest is not None:
            assert answer.earliest >= day(ages[answer.id], birth=facts.birth)
        if answer.status is Status.UPCOMING and answer.earliest is not None:
            assert answer.earliest > on


@for_all(children(), st.integers(1, 2000))
def test_time_ends_no_delay_and_changes_nothing_that_was_given(
    child: tuple[ChildFacts, date], later: int
) -> None:
    facts, on = child
    now = forecast(PROGRAMME, facts, on)
    then = forecast(PROGRAMME, facts, on + timedelta(days=later))

    for before, after in zip(now, then, strict=True):
        if before.status is Status.OVERDUE:
            assert after.status in {Status.OVERDUE, Status.CLOSED}
        if before.status in {Status.GIVEN, Status.CLOSED, Status.NOT_CHOSEN}:
            assert after == before


@for_all(BIRTHS, st.integers(0, 4 * 366), st.lists(st.integers(1, 200), max_size=4), st.booleans())
def test_a_family_that_follows_the_answers_is_never_early_and_gets_to_the_end(
    birth: date, start: int, delays: list[int], small: bool
) -> None:
    given: dict[str, date] = {}
    on = birth + timedelta(days=start)
    mother = Mother.POSITIVE if small else None
    while True:
        facts = ChildFacts(birth, given, mother=mother, birth_grams=1500)
        answers = forecast(PROGRAMME, facts, on)
        assert not [one for one in answers if "打早了" in one.reason]
        first = next((one for one in answers if one.earliest and one.id not in given), None)
        if first is None:
            break
        assert first.earliest is not None
        on = max(on, first.earliest) + timedelta(days=delays.pop() if delays else 0)
        given = {**given, first.id: on}

    missing = {one.status for one in answers} - {Status.GIVEN}
    assert missing <= {Status.CLOSED, Status.NOT_CHOSEN}
