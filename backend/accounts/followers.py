"""Who follows our 公众号: told by WeChat's pushes, in any order, each of them perhaps late."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.accounts import linking
from backend.accounts.models import Follower, FollowerComparison, InboundEvent, WeChatAccount
from backend.accounts.rules import Following, after_coming, after_leaving, asked_in
from backend.accounts.scenes import LinkScenes
from backend.kernel.clock import Clock
from backend.people.models import ParentIdentity

SUBSCRIBE = "subscribe"
FROM_CODE = "qrscene_"  # stands before the scene when somebody who did not follow scans it
LONGEST_SCENE = 64


MAY_ASK = (WeChatAccount.retired_at.is_(None), WeChatAccount.can_users)
UNASKED = (Follower.identified_at.is_(None), Follower.left_at.is_(None))


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
    since: datetime | None = None


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
    """Forget a person that WeChat wants forgotten; also as the place where a list goes on."""
    session.execute(
        update(FollowerComparison)
        .where(FollowerComparison.appid == appid, FollowerComparison.cursor == openid)
        .values(cursor="", listed=0)
        .execution_options(synchronize_session=False)
    )
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


def accounts_to_ask(session: Session, clock: Clock) -> Sequence[str]:
    """Accounts that may ask, and of which somebody is to be asked about."""
    waits = (
        select(Follower.openid)
        .where(
            Follower.appid == WeChatAccount.appid,
            *UNASKED,
        )
        .exists()
    )
    put_off = (
        select(FollowerComparison.appid)
        .where(
            FollowerComparison.appid == WeChatAccount.appid,
            FollowerComparison.ask_after > clock.now(),
        )
        .exists()
    )
    found = select(WeChatAccount.appid).where(*MAY_ASK, waits, ~put_off)
    return session.scalars(found.order_by(WeChatAccount.appid)).all()


def to_identify(session: Session, appid: str, limit: int) -> Sequence[str]:
    """Openids of whom WeChat has not been asked who they are. Who came by a push goes first:
    perhaps they look at their phone just now; who was in a list has long been there.
    """
    return session.scalars(
        select(Follower.openid)
        .where(Follower.appid == appid, *UNASKED)
        .order_by(Follower.listed_at.nulls_first(), Follower.followed_at, Follower.openid)
        .limit(limit)
    ).all()


# Who came, or came back, in the second in which WeChat was asked, or later, follows, whatever it
# said.
TAKE_IN = text("""
    UPDATE followers AS f
       SET identified_at = :now,
           unionid = coalesce(told.unionid, f.unionid),
           followed_at = CASE WHEN told.follows AND f.left_at IS NULL AND f.followed_at <= :asked
                              THEN coalesce(told.since, f.followed_at) ELSE f.followed_at END,
           left_at = CASE WHEN NOT told.follows AND f.left_at IS NULL AND f.followed_at < :asked
                          THEN :asked ELSE f.left_at END
      FROM unnest(CAST(:openids AS text[]), CAST(:follows AS boolean[]),
                  CAST(:unionids AS text[]), CAST(:sinces AS timestamptz[]))
           AS told (openid, follows, unionid, since)
     WHERE f.appid = :appid AND f.openid = told.openid
""")
HOLD = text("""
    SELECT 1 FROM followers
     WHERE appid = :appid AND openid = ANY(CAST(:openids AS text[]))
     ORDER BY openid COLLATE "C" FOR UPDATE
""")


def take_in(
    session: Session, clock: Clock, appid: str, told: Mapping[str, Told], asked_at: datetime
) -> list[str]:
    """Keep what WeChat told of strangers; the others, who are some parent, are given back.

    Those are for `identify`, each in a transaction of its own: a parent is locked before.
    """
    unionids = [one.unionid for one in told.values() if one.unionid is not None]
    rows = session.execute(
        select(ParentIdentity.appid, ParentIdentity.openid, ParentIdentity.unionid).where(
            (ParentIdentity.appid == appid) & ParentIdentity.openid.in_(told)
            | ParentIdentity.unionid.in_(unionids)
        )
    ).all()
    parents = {row.openid for row in rows if row.appid == appid}
    persons = {row.unionid for row in rows if row.unionid is not None}
    known = {openid for openid, one in told.items() if openid in parents or one.unionid in persons}
    strange = sorted(told.keys() - known)
    session.execute(HOLD, {"appid": appid, "openids": strange})
    _take_in(session, clock, appid, {one: told[one] for one in strange}, asked_at)
    return sorted(known)


def _take_in(
    session: Session, clock: Clock, appid: str, told: Mapping[str, Told], asked_at: datetime
) -> None:
    """Their rows are locked."""
    session.execute(
        TAKE_IN,
        {
            "appid": appid,
            "now": clock.now(),
            "asked": asked_in(asked_at),
            "openids": list(told),
            "follows": [one.follows for one in told.values()],
            "unionids": [one.unionid for one in told.values()],
            "sinces": [one.since for one in told.values()],
        },
    )


def identify(
    session: Session, clock: Clock, person: Person, told: Told | None, asked_at: datetime
) -> None:
    """Keep what WeChat told of a person; None: it knows nobody by that id.

    `asked_at`: before it was asked. Who came, or came back, after that follows.
    """
    unionid = told.unionid if told is not None else None
    linking.hold_parents(session, person.appid, person.openid, unionid)
    follower = session.get(Follower, (person.appid, person.openid), with_for_update=True)
    if follower is None:
        return
    said = told or Told(follows=False, unionid=None)
    _take_in(session, clock, person.appid, {person.openid: said}, asked_at)
    session.refresh(follower)
    if follower.left_at is None:
        linking.keep_link(session, follower)
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
