"""Who follows an account, compared with WeChat's own list: all of it, page by page, each night.

Brings in who followed before the account was ours, and finds whose going was not told. Each page
and the place where the next one begins are one transaction: a worker that dies leaves the page
to the next one, and a page that is taken twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.accounts.followers import MAY_ASK, UNASKED
from backend.accounts.models import Follower, FollowerComparison, WeChatAccount
from backend.accounts.rules import asked_in, last_night, wait_after
from backend.kernel import audit
from backend.kernel.clock import Clock

LEASE = timedelta(minutes=2)  # a page that takes longer belongs to a worker that died

# In the order of openids, as who handles pushes locks them. Who left before WeChat was asked
# follows again; of when, and of who they are, WeChat is asked anew.
TAKE_OVER = text("""
    WITH kept AS (
        INSERT INTO followers AS f (appid, openid, followed_at, listed_at)
        SELECT :appid, openid, :asked, :started
          FROM unnest(CAST(:openids AS text[])) AS listed (openid)
        ON CONFLICT (appid, openid) DO UPDATE SET
            listed_at = EXCLUDED.listed_at,
            followed_at = CASE WHEN f.left_at < :asked THEN :asked ELSE f.followed_at END,
            identified_at = CASE WHEN f.left_at < :asked THEN NULL ELSE f.identified_at END,
            left_at = CASE WHEN f.left_at < :asked THEN NULL ELSE f.left_at END
        RETURNING (xmax = 0) AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new) FROM kept
""")


@dataclass(frozen=True)
class Step:
    """The next page to be asked for: after `cursor`, of the comparison that began then."""

    appid: str
    started_at: datetime
    cursor: str = field(repr=False)


@dataclass(frozen=True)
class Listed:
    """A page of WeChat's list, and how many follow in all."""

    openids: Sequence[str] = field(repr=False)
    total: int


@dataclass(frozen=True)
class Standing:
    """A comparison as the console shows it. `unasked`: of whom WeChat is still to be asked."""

    row: FollowerComparison | None
    unasked: int


def take_step(session: Session, clock: Clock) -> Step | None:
    """A page that nobody else asks for; None when every account is up to date or has to wait."""
    now = clock.now()
    _begin(session, now)
    row = session.scalar(
        select(FollowerComparison)
        .join(WeChatAccount)
        .where(*MAY_ASK, FollowerComparison.finished_at.is_(None))
        .where(func.coalesce(FollowerComparison.list_after, now) <= now)
        .order_by(FollowerComparison.list_after.nulls_first(), FollowerComparison.appid)
        .limit(1)
        .with_for_update(of=FollowerComparison, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    row.list_after = now + LEASE
    return Step(row.appid, row.started_at, row.cursor)


def _begin(session: Session, now: datetime) -> None:
    """Of a new account at once, of all others each night."""
    new = select(WeChatAccount.appid, literal(now)).where(
        *MAY_ASK, WeChatAccount.appid.not_in(select(FollowerComparison.appid))
    )
    session.execute(
        insert(FollowerComparison)
        .from_select(["appid", "started_at"], new)
        .on_conflict_do_nothing()
    )
    session.execute(
        update(FollowerComparison)
        .where(
            FollowerComparison.finished_at < last_night(now),
            FollowerComparison.appid.in_(select(WeChatAccount.appid).where(*MAY_ASK)),
        )
        .values(_afresh(now))
        .execution_options(synchronize_session=False)
    )


def _afresh(now: datetime) -> dict[str, object]:
    counts = dict.fromkeys(("total", "listed", "came", "missing"), 0)
    afresh = {"started_at": now, "cursor": "", "finished_at": None, "list_after": None}
    return {**afresh, **counts, "errcode": None}


def compare_now(session: Session, clock: Clock, appid: str, *, actor: str) -> bool:
    """Begin again at a person's word; False while one is under way."""
    made = insert(FollowerComparison).values(appid=appid, started_at=clock.now())
    begun = made.on_conflict_do_update(
        index_elements=["appid"],
        set_=_afresh(clock.now()),
        where=FollowerComparison.finished_at.is_not(None),
    )
    if session.scalar(begun.returning(FollowerComparison.appid)) is None:
        return False
    audit.record(
        session,
        clock,
        actor=actor,
        action="account.compared",
        subject=f"account:{appid}",
        detail={},
    )
    return True


def keep_page(
    session: Session, clock: Clock, step: Step, listed: Listed, asked_at: datetime
) -> None:
    """Take a page over, unless another worker has done so meanwhile.

    `asked_at`: before WeChat was asked. The list has ended where a page is empty, or where as
    many are there as WeChat says follow.
    """
    row = _held(session, step)
    if row is None:
        return
    row.came += (
        session.scalar(
            TAKE_OVER,
            {
                "appid": step.appid,
                "openids": sorted(set(listed.openids)),
                "asked": asked_in(asked_at),
                "started": step.started_at,
            },
        )
        or 0
    )
    row.total, row.listed = listed.total, row.listed + len(listed.openids)
    row.list_after, row.errcode = None, None
    if listed.openids and row.listed < listed.total:
        row.cursor = listed.openids[-1]
    else:
        _finish(session, clock, row)


def _finish(session: Session, clock: Clock, row: FollowerComparison) -> None:
    """Who was not listed is asked about: nobody is taken for gone by a list alone."""
    missing = session.scalars(
        update(Follower)
        .where(
            Follower.appid == row.appid,
            Follower.left_at.is_(None),
            Follower.followed_at < row.started_at,
            or_(Follower.listed_at.is_(None), Follower.listed_at < row.started_at),
        )
        .values(identified_at=None)
        .returning(Follower.openid)
        .execution_options(synchronize_session=False)
    ).all()
    row.missing, row.cursor = len(missing), ""
    row.finished_at = row.compared_at = max(clock.now(), row.started_at)


def begin_again(session: Session, clock: Clock, step: Step) -> None:
    """WeChat does not know the person any more after whom it was asked: from the first page.

    Who was listed already stays marked.
    """
    row = _held(session, step)
    if row is not None:
        row.cursor, row.listed = "", 0
        row.list_after = wait_after(None, clock.now())


def put_off(session: Session, clock: Clock, step: Step, errcode: int | None) -> None:
    """WeChat did not say, or wants no more for now."""
    row = _held(session, step)
    if row is not None:
        row.list_after, row.errcode = wait_after(errcode, clock.now()), errcode


def put_off_asking(session: Session, clock: Clock, appid: str, errcode: int | None) -> None:
    """As `put_off`, of the question who people are."""
    until = wait_after(errcode, clock.now())
    row = insert(FollowerComparison).values(
        appid=appid, started_at=clock.now(), ask_after=until, errcode=errcode
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["appid"], set_={"ask_after": until, "errcode": errcode}
        )
    )


def standings(session: Session, appids: Sequence[str]) -> dict[str, Standing]:
    """How far each account is."""
    rows = session.scalars(
        select(FollowerComparison).where(FollowerComparison.appid.in_(appids))
    ).all()
    known = {row.appid: row for row in rows}
    waiting = session.execute(
        select(Follower.appid, func.count().label("people"))
        .where(Follower.appid.in_(appids), *UNASKED)
        .group_by(Follower.appid)
    )
    unasked: dict[str, int] = {row.appid: row.people for row in waiting}
    return {appid: Standing(known.get(appid), unasked.get(appid, 0)) for appid in appids}


def _held(session: Session, step: Step) -> FollowerComparison | None:
    """The row, locked, if it is still where the step was taken."""
    row = session.get(FollowerComparison, step.appid, with_for_update=True, populate_existing=True)
    if row is None or (row.started_at, row.cursor) != (step.started_at, step.cursor):
        return None
    return row if row.finished_at is None else None
