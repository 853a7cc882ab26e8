"""Who follows our 公众号: told by WeChat's pushes, in any order, each of them perhaps late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.accounts import linking
from backend.accounts.models import Follower, InboundEvent, WeChatAccount
from backend.accounts.rules import Following, after_coming, after_leaving
from backend.accounts.scenes import LinkScenes
from backend.kernel.clock import Clock

SUBSCRIBE = "subscribe"
FROM_CODE = "qrscene_"  # stands before the scene when somebody who did not follow scans it
LONGEST_SCENE = 64


@dataclass(frozen=True)
class Person:
    """Whom WeChat must be asked about. The ids stay out of logs."""

    appid: str
    openid: str = field(repr=False)


@dataclass(frozen=True)
class Told:
    """What WeChat says of a person: do they follow, and who they are across accounts."""

    follows: bool
    unionid: str | None = field(repr=False)


def came(session: Session, clock: Clock, scenes: LinkScenes, event: InboundEvent) -> str:
    """`subscribe` and `SCAN`: the person follows now, and perhaps came by a parent's code."""
    if session.get(WeChatAccount, event.appid) is None:
        return "noted: unknown account"
    moment, scene = _moment(event), _scene(event)
    ours = scene is not None and scenes.made(scene)
    code = linking.held_code(session, event.appid, scene) if ours and scene else None
    anew = event.kind == SUBSCRIBE
    follower = _held(session, event, lambda before: after_coming(before, moment, anew=anew))
    if scene is not None and not ours:
        follower.scene = scene
    session.flush()
    if code is not None:
        return linking.redeem(session, clock, code, follower, moment)
    linking.keep_link(session, follower)
    return "link: unknown code" if ours else "applied"


def left(session: Session, event: InboundEvent) -> str:
    """`unsubscribe`. The link stays: who comes back need not link again."""
    if session.get(WeChatAccount, event.appid) is None:
        return "noted: unknown account"
    moment = _moment(event)
    _held(session, event, lambda before: after_leaving(before, moment))
    return "applied"


def forget(session: Session, *, appid: str, openid: str) -> bool:
    """Forget a person that WeChat wants forgotten."""
    gone = delete(Follower).where(Follower.appid == appid, Follower.openid == openid)
    return session.scalar(gone.returning(Follower.openid)) is not None


def forget_left(session: Session, before: datetime) -> int:
    """Delete those who left before that instant and are nobody's link."""
    gone = session.scalars(
        delete(Follower)
        .where(Follower.left_at < before, Follower.parent_id.is_(None))
        .returning(Follower.appid)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def to_identify(session: Session, limit: int) -> list[list[Person]]:
    """Those of whom WeChat has not been asked who they are, where the account may ask.

    A list for each account, of its longest followers and together about `limit`: an account
    that gets no answers must not stand before the others.
    """
    asking = session.scalars(
        select(WeChatAccount.appid)
        .where(WeChatAccount.can_users, WeChatAccount.retired_at.is_(None))
        .where(_waiting_of(WeChatAccount.appid).exists())
        .order_by(WeChatAccount.appid)
    ).all()
    share = max(1, limit // max(1, len(asking)))
    longest = (Follower.followed_at, Follower.openid)
    waiting = {
        appid: session.scalars(_waiting_of(appid).order_by(*longest).limit(share)).all()
        for appid in asking
    }
    found = [[Person(appid, openid) for openid in waiting[appid]] for appid in asking]
    return [of_one for of_one in found if of_one]


def _waiting_of(appid: str | InstrumentedAttribute[str]) -> Select[str]:
    return select(Follower.openid).where(
        Follower.appid == appid, Follower.identified_at.is_(None), Follower.left_at.is_(None)
    )


def identify(session: Session, clock: Clock, person: Person, told: Told | None) -> None:
    """Keep what WeChat told of a person; None: it knows nobody by that id."""
    unionid = told.unionid if told is not None else None
    linking.hold_parents(session, person.appid, person.openid, unionid)
    follower = session.get(Follower, (person.appid, person.openid), with_for_update=True)
    if follower is None:
        return
    now = clock.now()
    follower.identified_at = now
    if told is None:
        return
    if not told.follows and follower.left_at is None:
        follower.left_at = max(now, follower.followed_at)
    follower.unionid = told.unionid or follower.unionid
    linking.settle_identity(session, clock, follower)


@dataclass(frozen=True)
class Counts:
    followers: int
    linked: int


def counts(session: Session, appids: Sequence[str]) -> dict[str, Counts]:
    """How many follow each account now, and how many of them are known parents."""
    rows = session.execute(
        select(Follower.appid, func.count(), func.count(Follower.parent_id))
        .where(Follower.appid.in_(appids), Follower.left_at.is_(None))
        .group_by(Follower.appid)
    )
    known = {appid: Counts(followers, linked) for appid, followers, linked in rows}
    return {appid: known.get(appid, Counts(0, 0)) for appid in appids}


def _held(
    session: Session, event: InboundEvent, change: Callable[[Following | None], Following]
) -> Follower:
    """The row of whom the event is about, locked and changed. Who comes back is asked about."""
    new = change(None)
    made = insert(Follower).values(
        appid=event.appid,
        openid=event.openid,
        followed_at=new.followed_at,
        left_at=new.left_at,
    )
    session.execute(made.on_conflict_do_nothing())
    follower = session.get_one(
        Follower, (event.appid, event.openid), with_for_update=True, populate_existing=True
    )
    before = Following(follower.followed_at, follower.left_at)
    after = change(before)
    if before.left_at is not None and after.left_at is None:
        follower.identified_at = None
    follower.followed_at, follower.left_at = after.followed_at, after.left_at
    return follower


def _moment(event: InboundEvent) -> datetime:
    return datetime.fromtimestamp(int(event.payload["CreateTime"]), UTC)


def _scene(event: InboundEvent) -> str | None:
    """The scene of the QR code; a SCAN carries it bare, and old codes carry a number."""
    key = str(event.payload.get("EventKey") or "").removeprefix(FROM_CODE)
    return key[:LONGEST_SCENE] or None
