"""Invented decisions for a demonstration, so that every state of a review can be seen.

The office carries 演示 in its name: wherever it stands under a text, one sees that nobody signed.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.deps import Deps
from backend.guides import reviewing
from backend.guides.review_models import ReviewDecision, Verdict
from backend.guides.reviewing import Seen, Signer, source_on
from backend.kernel.clock import FixedClock, city_date
from backend.kernel.errors import NotFound
from backend.people import staff
from backend.people.models import Role, Staff

LOGIN = "shending"
NAME = "演示审定人"
OFFICE = "演示·市妇幼保健院"


@dataclass(frozen=True)
class Act:
    """A decision that was taken some days ago. An approval lasts the usual year."""

    slug: str
    days_ago: int
    verdict: Verdict = Verdict.APPROVED
    note: str = ""


ACTS = (  # the oldest first, as they would have come
    Act("yi-san-sui-shuimian", 420),  # run out, still shown: 待复审
    Act("er-san-yue-taitou", 335),  # soon to run out: 快到期
    Act("meitian-chumen-wan", 90),
    Act("meitian-chumen-wan", 12, Verdict.WITHDRAWN, "（演示）暑热的说法要先和疾控核对"),
    Act("man-liuyue-tian-fushi", 8),
    Act("xinshenger-shuimian", 5),
    Act("ka-manyue", 5),
    Act("bu-tie-fang-pinxue", 3, Verdict.RETURNED, "（演示）铁剂的用法请写明“遵医嘱”，再送来看"),
)


def add_reviews(session: Session, parts: Deps, password: str) -> None:
    """The account and its decisions, unless the account is there already."""
    if session.scalar(select(Staff.id).where(Staff.login == LOGIN)) is not None:
        return
    account = staff.create_staff(
        session,
        parts.clock,
        login=LOGIN,
        name=NAME,
        password=password,
        role=Role.REVIEWER,
        office=OFFICE,
    )
    by = Signer(account.id, NAME, OFFICE)
    for act in ACTS:
        _decide(session, parts, act, by)


def _decide(session: Session, parts: Deps, act: Act, by: Signer) -> None:
    """Through the service, on the day it is said to have been; a text that is gone is left out."""
    then = FixedClock(parts.clock.now() - timedelta(days=act.days_ago))
    try:
        source = source_on(parts.current_library.shelf, act.slug)
    except NotFound:
        return
    newest = select(func.max(ReviewDecision.id)).where(ReviewDecision.slug == act.slug)
    seen = Seen(source, session.scalar(newest) or 0)
    if act.verdict is Verdict.APPROVED:
        until = reviewing.default_until(city_date(then.now()))
        reviewing.approve(session, then, seen, by=by, valid_until=until, note=act.note)
    elif act.verdict is Verdict.RETURNED:
        reviewing.send_back(session, then, seen, by=by, note=act.note)
    else:
        reviewing.withdraw(session, then, seen, by=by, note=act.note)
