"""待确认 with many that wait: filters and a search that stay in the address, all taken back."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask, session, url_for
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.desk import MOST_ROWS
from backend.bookings.models import Booking, BookingState
from backend.centres.models import SlotKind
from backend.console import notices
from backend.console.bookings import MOST_AT_ONCE
from backend.console.search import fits, masked
from backend.kernel.clock import FixedClock
from backend.people import phones
from backend.people.models import Guardian
from tests.bookings.family import act, book, make_family
from tests.console.conftest import Desk
from tests.console.test_bookings import Town
from tests.factories import MORNING, default_vault, make_centre, make_slot

Sessions = sessionmaker[Session]
S = BookingState


@pytest.fixture
def town(sessions: Sessions, clock: FixedClock, centre: int) -> Town:
    return Town(sessions, clock, centre)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("王小一", "王*一"),
        (" 王 小 一 ", "王*一"),
        ("王*一", "王*一"),
        ("王", "王*"),
        ("皇甫小米", "皇**米"),
        ("13800138000", "8000"),
        ("8000", "8000"),
        ("8613800138000", "8000"),
        ("417", "417"),
        ("**", ""),
        ("", ""),
    ],
)
def test_an_address_holds_no_name_and_no_number_in_full(typed: str, kept: str) -> None:
    assert masked(typed) == kept
    assert masked(kept) == kept


def test_a_family_name_finds_all_of_that_name_and_a_whole_one_its_likes() -> None:
    def found(who: str) -> list[str]:
        names = ("王*一", "王*", "皇**米")
        return [one for one in names if fits(who, child=one, booking_ids=(8000,), phone_ends=())]

    assert found("王*") == ["王*一", "王*"]
    assert found("王*一") == ["王*一"]
    assert found("皇*") == ["皇**米"]
    assert found("8000") == ["王*一", "王*", "皇**米"]
    assert found("8001") == []


def test_requests_are_filtered_by_day_kind_and_priority(
    clerk: Desk, town: Town, sessions: Sessions, clock: FixedClock, centre: int
) -> None:
    town.ask("王小一")
    visit = make_slot(
        sessions,
        centre_id=centre,
        kind=SlotKind.CONSULTATION,
        title="喂养咨询",
        starts_at=MORNING + timedelta(days=3),
    )
    book(sessions, clock, make_family(sessions, name="李小二"), visit)

    page = clerk.page("/requests")
    assert "11月25日 周三（1）" in page
    assert "咨询" in page
    page = clerk.page("/requests?day=2026-11-26")
    assert "2 个中的 1 个" in page
    assert "李*二" in page
    assert "王*一" not in page
    assert 'name="back" value="/console/requests?day=2026-11-26"' in page  # kept by what is done
    assert "王*一" not in clerk.page("/requests?kind=consultation")
    page = clerk.page("/requests?priority=1")
    assert "没有符合条件的预约" in page
    assert "还有 2 个预约在等待" in page
    assert "李*二" in clerk.page("/requests?day=never&kind=party")  # no filter at all


def test_a_family_is_found_by_name_number_or_phone_and_no_name_is_left_in_the_address(
    clerk: Desk, town: Town, sessions: Sessions
) -> None:
    first, second = town.ask("王小一"), town.ask("李小二")
    family = make_family(sessions, name="赵小三")
    slot = make_slot(sessions, centre_id=town.centre)
    third = book(sessions, town.clock, family, slot)
    with sessions.begin() as database:
        phones.keep(database, default_vault(), parent_id=family.parent, phone="13800138642")

    answer = clerk.post("/look-for", who="王小一", back="/console/requests?day=2026-11-25&who=x")
    assert unquote(answer.headers["Location"]) == "/console/requests?day=2026-11-25&who=王*一"
    assert clerk.get("/requests?who=王小一").status_code == 303  # as somebody might write it
    page = clerk.page("/requests?who=王*一")
    assert "3 个中的 1 个" in page
    assert f'name="booking" value="{first}"' in page
    assert "王小一" not in page
    # seven digits: four might be the end of a phone, which is written down
    assert f'name="booking" value="{second}"' in clerk.page(f"/requests?who={second:07}")
    assert not town.audited("child.searched")

    answer = clerk.post("/look-for", who="13800138642", back="/console/requests")
    assert answer.headers["Location"] == "/console/requests?who=8642"
    page = clerk.page("/requests?who=8642")
    assert f'name="booking" value="{third}"' in page
    assert "3 个中的 1 个" in page
    assert [one.detail for one in town.audited("child.searched")] == [{"by": "phone_end"}]
    answer = clerk.post("/look-for", who="", back="/console/requests?who=8642")
    assert answer.headers["Location"] == "/console/requests"


def test_ends_of_phones_are_those_of_every_guardian(sessions: Sessions) -> None:
    one, other = make_family(sessions), make_family(sessions)
    with sessions.begin() as database:
        guardian = database.scalars(select(Guardian).where(Guardian.child_id == one.child)).one()
        database.add(
            Guardian(
                child_id=one.child,
                parent_id=other.parent,
                relation=guardian.relation,
                since=MORNING,
            )
        )
        vault = default_vault()
        phones.keep(database, vault, parent_id=one.parent, phone="13800138001")
        phones.keep(database, vault, parent_id=other.parent, phone="13800138002")

    with sessions() as database:
        found = phones.ends_of(database, vault, {one.child})
    assert found == {one.child: {"8001", "8002"}}


def test_many_that_were_confirmed_at_once_are_taken_back_at_once(
    clerk: Desk, town: Town, sessions: Sessions, clock: FixedClock
) -> None:
    asked = [town.ask(f"李安{number}") for number in range(3)]
    back = "/console/requests?day=2026-11-25"
    page = clerk.post_and_read("/bookings/at-once", step="confirm", booking=asked, back=back)
    assert "已确认 3 个" in page
    of = ".".join(map(str, asked))
    path = f"/bookings/at-once/undo?step=confirm&of={of}"
    assert path.replace("&", "&amp;") in page
    act(sessions, clock, service.cancel_by_centre, asked[1], actor="staff:1", reason="停水")

    page = clerk.post_and_read(path, back=back)

    assert "已撤销 2 个" in page
    assert "1 个没有成功（李*1 11月25日 10:00）：" in page
    assert "这之后又有了变化" in page
    assert [town.state(one) for one in asked] == [S.REQUESTED, S.CANCELLED_BY_CENTRE, S.REQUESTED]
    assert "没有成功" in clerk.post_and_read(path, back=back)  # a second time there is nothing


def test_two_hundred_fit_into_the_notice_that_takes_them_back(app: Flask) -> None:
    """The cookie of a notice holds 4 kB; a longer one is dropped by browsers without a word."""
    numbers = [1_000_000 + one * 7919 % 8_999_993 for one in range(1, MOST_AT_ONCE + 1)]
    of = ".".join(map(str, numbers))
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None

    with app.test_request_context("/console/"):
        notices.done("已确认 200 个", undo=url_for("console.undo_at_once", step="confirm", of=of))
        cookie = serializer.dumps(dict(session))

    assert isinstance(cookie, str)
    assert len(cookie) < 3000  # the sign-in and the names of those who were refused come on top


def test_more_than_two_hundred_are_not_taken_back(clerk: Desk) -> None:
    of = ".".join(map(str, range(9_000_001, 9_000_001 + MOST_AT_ONCE + 5)))
    page = clerk.post_and_read(f"/bookings/at-once/undo?of={of}")
    assert "200 个没有成功" in page
    assert "一次最多 200 个，还有 5 个没有处理" in page


def test_another_centres_bookings_are_not_taken_back(
    clerk: Desk, town: Town, sessions: Sessions, clock: FixedClock
) -> None:
    elsewhere = make_slot(sessions, centre_id=make_centre(sessions))
    booking = book(sessions, clock, make_family(sessions), elsewhere)
    act(sessions, clock, service.confirm, booking)

    page = clerk.post_and_read(f"/bookings/at-once/undo?step=confirm&of={booking}")

    assert "1 个没有成功（预约" in page
    assert town.state(booking) is S.CONFIRMED
    assert "请刷新后再试" in clerk.post_and_read("/bookings/at-once/undo?of=1.x")


MORE_CHILDREN = text(
    """
    INSERT INTO children (name_sealed, identity, birth_date, sex, town_code, home_cared, created_at)
    SELECT child.name_sealed, sha256(number::text::bytea), child.birth_date, child.sex,
           child.town_code, child.home_cared, child.created_at
      FROM children AS child, generate_series(1, :count) AS number
     WHERE child.id = :child
    """
)
ALL_ASK = text(
    """
    INSERT INTO bookings (child_id, slot_id, state, quota_year, quota_number, requested_at,
                          changed_at)
    SELECT child.id, one.slot_id, one.state, one.quota_year, 1, one.requested_at, one.changed_at
      FROM children AS child, bookings AS one
     WHERE one.id = :booking AND child.id > one.child_id
    """
)


def test_a_page_that_cannot_hold_all_says_how_many_are_missing(
    clerk: Desk, town: Town, sessions: Sessions
) -> None:
    asked = town.ask("王小一")
    with sessions.begin() as database:
        child = database.get_one(Booking, asked).child_id
        database.execute(MORE_CHILDREN, {"child": child, "count": MOST_ROWS + 4})
        database.execute(ALL_ASK, {"booking": asked})

    assert "另有 5 个没有列出" in clerk.page("/requests?who=1")
    assert f"<strong>{MOST_ROWS + 5}</strong> 个预约等待确认" in clerk.page()
