"""B9: a clerk confirms fifty requests and marks twenty families; how many actions, how long.

An action is one press: a form that is sent. The time runs from the press to the next page, read
to its end. Beside it the same work line by line in the same console, one press for each; peers
need several (Easy!Appointments opens a dialog for each appointment, its issue 1655).
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import requests
from sqlalchemy import func, select

from backend.bookings.models import Booking, BookingState
from backend.outbox.models import Message
from backend.people.staff import hasher
from tests.bench.house import CLOCK, House, open_house
from tests.bench.rows import Measures, Row, median
from tests.bookings.family import make_family
from tests.factories import make_booking, make_centre, make_slot, make_staff

TO_CONFIRM, TO_MARK = 50, 20
ROUNDS = 3
PASSWORD = secrets.token_urlsafe(12)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SOON, BEGUN = CLOCK + timedelta(days=2), CLOCK - timedelta(minutes=10)
PATIENCE = 60
S = BookingState


@dataclass(frozen=True)
class Work:
    """What is to be done on one page: a step for so many bookings in a state."""

    step: str
    page: str
    before: BookingState
    after: BookingState
    count: int


CONFIRM = Work("confirm", "requests", S.REQUESTED, S.CONFIRMED, TO_CONFIRM)
MARK = Work("attended", "", S.CONFIRMED, S.ATTENDED, TO_MARK)


class Clerk:
    """A signed-in browser at the console that counts its presses."""

    def __init__(self, house: House) -> None:
        self._sessions = house.sessions
        self._console = f"http://127.0.0.1:{house.port}/console/"
        self._browser = requests.Session()
        self._centre = make_centre(house.sessions)
        made = hasher.hash(PASSWORD)
        make_staff(house.sessions, centre_id=self._centre, password_hash=made, login="clerk")
        self.actions = 0
        self._press(self._get("sign-in"), "sign-in", login="clerk", password=PASSWORD)

    def _get(self, page: str) -> str:
        return self._browser.get(self._console + page, timeout=PATIENCE).text

    def _press(self, seen: str, path: str, **fields: object) -> str:
        """Send a form of the page that was seen; the next page."""
        token = TOKEN.search(seen)
        assert token is not None
        data = {"csrf_token": token.group(1), "back": "/console/", **fields}
        answer = self._browser.post(self._console + path, data=data, timeout=PATIENCE)
        answer.raise_for_status()
        self.actions += 1
        return answer.text

    def _prepare(self, work: Work) -> list[int]:
        """So many families of one session, in the state from which the work begins."""
        starts_at = SOON if work.before is S.REQUESTED else BEGUN
        slot = make_slot(
            self._sessions, centre_id=self._centre, starts_at=starts_at, capacity=work.count
        )
        families = [make_family(self._sessions) for _ in range(work.count)]
        return [
            make_booking(self._sessions, child_id=one.child, slot_id=slot, state=work.before)
            for one in families
        ]

    def at_once(self, work: Work) -> tuple[int, float]:
        """All of them: actions and milliseconds."""
        bookings = self._prepare(work)
        page, self.actions = self._get(work.page), 0
        started = time.perf_counter()
        page = self._press(page, "bookings/at-once", step=work.step, booking=bookings)
        took = (time.perf_counter() - started) * 1000
        assert f" {work.count} 个" in page
        self._check(work, bookings)
        return self.actions, took

    def line_by_line(self, work: Work) -> tuple[int, float]:
        bookings = self._prepare(work)
        page, self.actions = self._get(work.page), 0
        started = time.perf_counter()
        for booking in bookings:
            page = self._press(page, f"bookings/{booking}/{work.step}")
        took = (time.perf_counter() - started) * 1000
        self._check(work, bookings)
        return self.actions, took

    def _check(self, work: Work, bookings: Sequence[int]) -> None:
        """Every row is where it should be, and every family hears of a confirmation."""
        mine = Booking.id.in_(bookings) & (Booking.state == work.after)
        with self._sessions() as session:
            assert session.scalar(select(func.count()).where(mine)) == work.count
            if work is CONFIRM:
                keys = [f"booking:{one}:" for one in bookings]
                rows = session.scalars(
                    select(Message.key).where(Message.template == "booking_confirmed")
                ).all()
                assert sum(any(key.startswith(one) for one in keys) for key in rows) == work.count


def b9(scale: float) -> Sequence[Row]:
    """Fifty and twenty, whatever the scale: it is a clerk's day, not a load."""
    with open_house() as house:
        clerk, rows = Clerk(house), list[Row]()
        for work, what in ((CONFIRM, "confirm 50"), (MARK, "mark 20")):
            clerk.at_once(work)  # the first one opens connections
            together = [clerk.at_once(work) for _ in range(ROUNDS)]
            actions = max(count for count, _ in together)
            took = median([one for _, one in together])
            singly, took_singly = clerk.line_by_line(work)
            rows += [
                Row("B9", actions, f"actions, {what}", "1", actions == 1, singly, "line by line",
                    counted=True),
                Row(
                    "B9",
                    round(took),
                    f"ms, {what}",
                    floor=round(took_singly),
                    beside="line by line",
                    ratio=took / took_singly,
                ),
            ]  # fmt: skip
    return rows


MEASURES: Measures = {"B9": b9}
