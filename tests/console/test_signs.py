"""需要核对: one page over all institutions, what stands behind a sign, what a person found."""

import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.attendance_models import CheckInWay
from backend.bookings.sign_models import SignCheck, SignVerdict
from backend.centres.models import Centre
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.models import Role, StaffSession
from tests.bookings.settling import Scene, at
from tests.console.conftest import Desk, Enter
from tests.factories import make_child

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281103"
PAGE = "/statements/signs?month=2026-11"
FORM = re.compile(r'name="subject" value="([^"]+)"')


@pytest.fixture
def clock() -> FixedClock:
    """Monday 2026-12-07: November is over."""
    return FixedClock(at(12, 7))


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


@pytest.fixture
def other(sessions: Sessions) -> Scene:
    """Another institution, in another town."""
    made = Scene(sessions)
    with sessions.begin() as session:
        session.get_one(Centre, made.centre).town_code = OTHER_TOWN
    return made


@pytest.fixture
def arrive(enter: Enter, sessions: Sessions, clock: FixedClock) -> Enter:
    """`enter`, on the day of these tests."""

    def sign_in(role: Role, **values: Any) -> Desk:
        desk = enter(role, **values)
        with sessions.begin() as session:
            session.execute(
                update(StaffSession).values(created_at=clock.now(), seen_at=clock.now())
            )
        return desk

    return sign_in


@pytest.fixture
def town(arrive: Enter) -> Desk:
    return arrive(Role.TOWN, login="town")


@pytest.fixture
def city(arrive: Enter) -> Desk:
    return arrive(Role.CITY, login="city")


def crowd(scene: Scene, name: str = "王小一") -> tuple[int, list[int]]:
    """A session whose five guests were all ticked at one moment: slot and bookings."""
    slot = scene.slot()
    children = [make_child(scene.sessions, name=name) for _ in range(5)]
    return slot, [scene.attended(slot=slot, child=child, way=CheckInWay.LIST) for child in children]


def untaught(scene: Scene) -> int:
    slot = scene.slot(at(11, 9), teacher=None)
    scene.attended(slot=slot)
    return slot


def say(desk: Desk, subject: str, verdict: str = "harmless", **fields: object) -> str:
    fields = {
        "month": "2026-11",
        "kind": "list_in_seconds",
        "subject": subject,
        "seen": 0,
        "note": "同一车到的，已电话核实",
        "verdict": verdict,
        "back": f"/console{PAGE}",
    } | fields
    return desk.post_and_read("/statements/signs/check", **fields)


def subjects(page: str) -> list[str]:
    return FORM.findall(page)


def test_the_city_sees_every_institution_and_a_town_its_own(
    scene: Scene, other: Scene, city: Desk, town: Desk
) -> None:
    here, there = crowd(scene)[0], crowd(other)[0]

    assert set(subjects(city.page(PAGE))) == {f"slot:{here}", f"slot:{there}"}
    assert subjects(town.page(PAGE)) == [f"slot:{here}"]


def test_the_filters_stand_in_the_address(scene: Scene, other: Scene, city: Desk) -> None:
    here, there, alone = crowd(scene)[0], crowd(other)[0], untaught(scene)
    for more, wanted in {
        f"&town={OTHER_TOWN}": [there],
        f"&institution={scene.institution}": [here, alone],
        "&kind=nobody_taught": [alone],
        f"&kind=nobody_taught&town={OTHER_TOWN}": [],
        "&checked=harmless": [],
    }.items():
        assert subjects(city.page(PAGE + more)) == [f"slot:{slot}" for slot in wanted], more
    assert subjects(city.page("/statements/signs")) != []  # the last whole month
    assert subjects(city.page("/statements/signs?month=2026-10")) == []
    assert "没有需要核对的情况" in city.page("/statements/signs?month=junk&kind=junk&town=junk")


def test_names_are_masked_and_who_saw_them_is_written_down(
    scene: Scene, city: Desk, sessions: Sessions
) -> None:
    _, bookings = crowd(scene, "王小一")

    page = city.page(PAGE)

    assert "王*一" in page
    assert "王小一" not in page
    with sessions() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "child.listed"))
    assert entry.subject == "page:signs"
    assert len(entry.detail["children"]) == len(bookings)


def test_a_sign_leads_to_its_evidence(scene: Scene, city: Desk, clock: FixedClock) -> None:
    _, bookings = crowd(scene)
    assert f'href="/console/bookings/{bookings[0]}"' in city.page(PAGE)

    statement = scene.statement(clock)

    link = f"/statements/{statement}/bookings/{bookings[0]}"
    assert f'href="/console{link}"' in city.page(PAGE)
    assert city.client.get(f"/console{link}", follow_redirects=True).status_code == 200


def test_what_somebody_found_stands_there_for_the_next_one(
    scene: Scene, town: Desk, city: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    subject = f"slot:{crowd(scene)[0]}"

    assert "已记为无异常" in say(town, subject)

    page = city.page(PAGE)
    assert "同一车到的，已电话核实" in page
    assert "12月7日 10:00" in page
    assert subjects(city.page(PAGE + "&checked=reopened")) == []
    assert subjects(city.page(PAGE + "&checked=harmless")) == [subject]
    statement = scene.statement(clock)
    assert "同一车到的" in city.page(f"/statements/{statement}/signs")
    with sessions() as session:
        (said,) = session.scalars(select(SignCheck))
    assert (said.verdict, said.number, said.at) == (SignVerdict.HARMLESS, 1, clock.now())
    assert said.actor.startswith("staff:")


def test_a_word_is_taken_back_and_the_first_one_stays_in_the_book(
    scene: Scene, town: Desk, sessions: Sessions
) -> None:
    subject = f"slot:{crowd(scene)[0]}"
    say(town, subject, "confirmed")

    say(town, subject, "reopened", seen=1, note="")

    assert subjects(town.page(PAGE + "&checked=reopened")) == [subject]
    with sessions() as session:
        assert len(session.scalars(select(SignCheck)).all()) == 2


def test_the_slower_of_two_is_told_who_was_faster(scene: Scene, town: Desk, city: Desk) -> None:
    subject = f"slot:{crowd(scene)[0]}"
    say(town, subject)

    page = say(city, subject, "confirmed")

    assert "这一条刚刚有人核对过" in page
    assert "处理：无异常" in page


def test_what_is_not_a_sign_is_not_checked(
    scene: Scene, other: Scene, town: Desk, city: Desk, sessions: Sessions
) -> None:
    elsewhere, here = f"slot:{crowd(other)[0]}", f"slot:{crowd(scene)[0]}"
    token = town.token()
    form = {"csrf_token": token, "month": "2026-11", "kind": "list_in_seconds", "seen": "0"}
    form |= {"verdict": "harmless", "note": "好的"}
    path = "/console/statements/signs/check"

    assert town.client.post(path, data=form | {"subject": elsewhere}).status_code == 404
    assert town.client.post(path, data=form | {"subject": "slot:1"}).status_code == 404
    assert "请写一句核对的结果" in say(town, here, note="  ")
    months = ({"month": "x"}, {"month": "9999-12"}, {"month": "1999-12"}, {"month": "2027-12"})
    for wrong in ({"kind": "junk"}, {"verdict": "junk"}, {"seen": "x"}, *months):
        assert "请刷新后再试" in say(town, here, **wrong)
    assert "不超过" in say(town, here, note="长" * 501)
    with sessions() as session:
        assert session.scalars(select(SignCheck)).all() == []


def test_a_clerk_does_not_look_for_signs_of_himself(arrive: Enter, scene: Scene) -> None:
    clerk = arrive(Role.CLERK, centre_id=scene.centre, login="clerk")

    assert clerk.get(PAGE).status_code == 403
    assert clerk.get("/statements/signs.xlsx").status_code == 403
    assert clerk.post("/statements/signs/check").status_code == 403


def test_the_page_goes_into_a_workbook(scene: Scene, town: Desk, sessions: Sessions) -> None:
    slot, bookings = crowd(scene, "王小一")
    untaught(scene)
    say(town, f"slot:{slot}", note="=1+1")

    answer = town.get("/statements/signs.xlsx?month=2026-11")

    book = load_workbook(io.BytesIO(answer.data))
    seen = list(book["情况"].iter_rows(min_row=2, values_only=True))
    held = list(book["到场"].iter_rows(min_row=2, values_only=True))
    assert [(row[0], row[1], row[3], row[4]) for row in seen] == [
        (1, "名单勾选集中在几秒内", "无异常", "=1+1"),
        (2, "没有登记老师", "待核对", None),
    ]
    assert book["情况"]["E2"].data_type == "s"
    assert [row[1] for row in held if row[0] == 1] == bookings
    assert {row[5] for row in held} == {"王*一"}
    with sessions() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "signs.exported"))
    assert entry.detail["signs"] == 2
    assert len(entry.detail["children"]) == 6
