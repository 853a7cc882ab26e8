"""优先 and 我的入户: the town decides, the desk reads 优先, one teacher reads an address."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.centres.place_models import Teacher
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.models import Role, Staff
from backend.people.priority import PriorityKind
from tests.bookings.family import act, book, make_family
from tests.bookings.home import VISIT_AT, confirmed_visit, make_teacher
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import TOWN, make_slot
from tests.people import private
from tests.people.private import STREET

Sessions = sessionmaker[Session]
KINDS = ("残疾", "孤独症", "困境")
IN_A_YEAR = "2027-11-23"


def rows_of(page: str) -> str:
    """The page without its heading, which names the three kinds for everybody."""
    return page.split("</header>", 2)[-1]


def written(sessions: Sessions, action: str) -> list[AuditEntry]:
    with sessions() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_a_town_reveals_the_kind_once_grants_extends_and_ends(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions, name="王小一")
    number = private.ask(sessions, clock, family, PriorityKind.AUTISM)
    officer = enter(Role.TOWN)

    page = officer.page("/priority")
    assert "王*一" in page
    assert "王小一" not in page
    assert not any(kind in rows_of(page) for kind in KINDS)
    shown = officer.post(f"/priority/{number}/kind").get_data(as_text=True)
    assert "类别：孤独症" in shown
    assert "孤独症" not in rows_of(officer.page("/priority"))
    (entry,) = written(sessions, "priority.kind_revealed")
    assert (entry.subject, entry.detail) == (f"child:{family.child}", {})

    page = officer.post_and_read(
        f"/priority/{number}/grant", until=IN_A_YEAR, back="/console/priority"
    )
    assert "到 2027年11月23日" in page
    page = officer.post_and_read(
        f"/priority/{number}/extend", until="2026-12-01", back="/console/priority"
    )
    assert "60 天内没有到期的" not in page
    assert "刚刚被处理过" in officer.post_and_read(f"/priority/{number}/refuse")
    assert "已终止" in officer.post_and_read(f"/priority/{number}/end")
    assert private.grants(sessions, family.child)[0].kind_sealed == ""


@pytest.mark.parametrize("until", ["", "morgen", "2026-11-22", "2029-11-24"])
def test_a_wrong_term_is_a_sentence_on_the_page(
    enter: Enter, sessions: Sessions, clock: FixedClock, until: str
) -> None:
    number = private.ask(sessions, clock, make_family(sessions))

    page = enter(Role.TOWN).post_and_read(
        f"/priority/{number}/grant", until=until, back="/console/priority"
    )

    assert "有效期" in page.split('role="status"')[1].split("</div>")[0]


def test_a_refusal_and_an_empty_page(enter: Enter, sessions: Sessions, clock: FixedClock) -> None:
    officer = enter(Role.TOWN)
    assert "没有待审核的申请" in officer.page("/priority")
    number = private.ask(sessions, clock, make_family(sessions))

    assert "不通过" in officer.post_and_read(f"/priority/{number}/refuse")
    assert "没有待审核的申请" in officer.page("/priority")


def test_another_towns_request_is_not_there(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    number = private.ask(sessions, clock, make_family(sessions, town_code="320281100"))
    officer = enter(Role.TOWN)

    assert f"grant-{number}" not in officer.page("/priority")
    for step in ("kind", "grant", "refuse", "extend", "end"):
        answer = officer.post(f"/priority/{number}/{step}", until=IN_A_YEAR)
        assert answer.status_code == 404, step


def test_the_city_sees_who_and_until_when_and_never_the_kind(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    number = private.ask(sessions, clock, make_family(sessions))
    city = enter(Role.CITY)

    assert f"grant-{number}" in city.page("/priority")
    assert f"grant-{number}" in city.page(f"/priority?town={TOWN}")
    assert f"grant-{number}" not in city.page("/priority?town=320281100")
    for step in ("kind", "grant", "refuse", "extend", "end"):
        answer = city.post(f"/priority/{number}/{step}", until=IN_A_YEAR)
        assert answer.status_code == 403, step


def test_a_clerk_reads_the_word_and_no_kind_anywhere(
    enter: Enter, sessions: Sessions, clock: FixedClock, centre: int
) -> None:
    family, other = make_family(sessions), make_family(sessions)
    private.give_priority(sessions, clock, family)
    slot = make_slot(sessions, centre_id=centre)
    booking = book(sessions, clock, family, slot)
    plain = book(sessions, clock, other, slot)
    clerk = enter(Role.CLERK, centre_id=centre)

    for path in ("/", "/requests", f"/bookings/{booking}"):
        page = clerk.page(path)
        assert page.count(">优先</span>") == 1, path
        assert not any(kind in page for kind in KINDS), path
    assert ">优先</span>" not in clerk.page(f"/bookings/{plain}")
    assert clerk.get("/priority").status_code == 403
    assert 'href="/console/priority"' not in clerk.page("/")


@pytest.fixture
def teacher(enter: Enter, sessions: Sessions, centre: int) -> tuple[Desk, int]:
    """A desk, and the teacher who signs in there."""
    desk = enter(Role.CLERK, centre_id=centre, login="laoshi")
    with sessions() as session:
        staff_id = session.scalars(select(Staff.id).where(Staff.login == "laoshi")).one()
    return desk, make_teacher(sessions, staff_id=staff_id)


def test_a_teacher_sees_the_address_in_the_window_only_and_that_is_written_down(
    teacher: tuple[Desk, int], sessions: Sessions, clock: FixedClock
) -> None:
    desk, number = teacher
    family, booking = confirmed_visit(sessions, clock, number)
    page = desk.page("/my-visits")
    assert "11月25日 10:00 起可以看地址" in page
    assert 'href="/console/my-visits"' in page
    assert "前后 24 小时" in desk.post_and_read(
        f"/my-visits/{booking}/address", back="/console/my-visits"
    )

    clock.set(VISIT_AT - timedelta(minutes=20))
    renew(desk, sessions, clock)
    assert STREET not in desk.page("/my-visits")
    assert STREET in desk.post(f"/my-visits/{booking}/address").get_data(as_text=True)

    (entry,) = written(sessions, "address.read")
    assert entry.subject == f"child:{family.child}"


def renew(desk: Desk, sessions: Sessions, clock: FixedClock) -> None:
    desk.remember(open_sign_in(sessions, "laoshi", clock.now()))


def test_nobody_else_reads_it_in_the_console(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    _, booking = confirmed_visit(sessions, clock, make_teacher(sessions))
    clock.set(VISIT_AT)
    act(sessions, clock, service.mark_attended, booking)
    clock.set(VISIT_AT - timedelta(days=3))

    for role, status in ((Role.CLERK, 404), (Role.TOWN, 403), (Role.CITY, 403)):
        desk = enter(role)
        assert desk.post(f"/my-visits/{booking}/address").status_code == status
        assert 'href="/console/my-visits"' not in desk.page("/")
        page = desk.get(f"/bookings/{booking}").get_data(as_text=True)
        assert STREET not in page
    assert written(sessions, "address.read") == []


def test_a_teacher_without_visits_and_an_account_without_a_teacher(
    teacher: tuple[Desk, int], enter: Enter, sessions: Sessions
) -> None:
    desk, _ = teacher
    assert "近期没有入户指导" in desk.page("/my-visits")
    assert "还没有对应的老师" in enter(Role.CLERK).page("/my-visits")
    with sessions() as session:
        assert session.scalars(select(Teacher)).one().staff_id is not None
