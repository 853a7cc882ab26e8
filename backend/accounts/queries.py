"""Which accounts there are, and by which of them a parent can be told something."""

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from backend.accounts.models import AccountKind, CapabilityAnswer, Follower, WeChatAccount
from backend.people.models import Child, Guardian

LIVE = WeChatAccount.retired_at.is_(None)
# A town's own before the city's; the newest of several: an older one may be on its way out.
NEAREST_FIRST = (
    case((WeChatAccount.town_code.is_(None), 1), else_=0),
    WeChatAccount.created_at.desc(),
    WeChatAccount.appid,
)
SERVES = (WeChatAccount.kind == AccountKind.SERVICE, WeChatAccount.certified, LIVE)


def account(session: Session, appid: str) -> WeChatAccount | None:
    """The account with this appid, live or retired; None for one that we do not know."""
    return session.get(WeChatAccount, appid)


def accounts_of(
    session: Session, town_code: str | None, *, retired: bool = False
) -> Sequence[WeChatAccount]:
    """The live accounts of a town, or all of the city with its towns' (None); oldest first.

    `retired`: those that are retired as well, behind the others.
    """
    asked = select(WeChatAccount)
    if town_code is not None:
        asked = asked.where(WeChatAccount.town_code == town_code)
    if not retired:
        asked = asked.where(LIVE)
    return session.scalars(
        asked.order_by(
            WeChatAccount.retired_at.is_not(None),
            WeChatAccount.town_code.nulls_first(),
            WeChatAccount.created_at,
            WeChatAccount.appid,
        )
    ).all()


def answers_of(session: Session, appid: str) -> Sequence[CapabilityAnswer]:
    """What WeChat said about each capability when it was last asked."""
    return session.scalars(select(CapabilityAnswer).where(CapabilityAnswer.appid == appid)).all()


def service_account_for(session: Session, parent_id: int) -> tuple[str, str] | None:
    """(appid, openid) of a live, certified 服务号 that the parent follows and is linked to.

    One of a town of their children goes before the city's own; another town's is not used.
    """
    found = session.execute(
        select(Follower.appid, Follower.openid)
        .join(WeChatAccount, WeChatAccount.appid == Follower.appid)
        .where(*SERVES, Follower.parent_id == parent_id, Follower.left_at.is_(None))
        .where(
            WeChatAccount.town_code.is_(None)
            | WeChatAccount.town_code.in_(_towns_of(session, parent_id))
        )
        .order_by(*NEAREST_FIRST)
        .limit(1)
    ).one_or_none()
    return None if found is None else (found.appid, found.openid)


def account_to_follow(session: Session, parent_id: int) -> WeChatAccount | None:
    """The 服务号 that a parent should follow: their town's, else the city's; None without one.

    It must be able to make QR codes, or nobody could be linked by one.
    """
    return session.scalar(
        select(WeChatAccount)
        .where(*SERVES, WeChatAccount.can_scan)
        .where(
            WeChatAccount.town_code.is_(None)
            | WeChatAccount.town_code.in_(_towns_of(session, parent_id))
        )
        .order_by(*NEAREST_FIRST)
        .limit(1)
    )


def _towns_of(session: Session, parent_id: int) -> Sequence[str]:
    return session.scalars(
        select(Child.town_code)
        .join(Guardian, Guardian.child_id == Child.id)
        .where(
            Guardian.parent_id == parent_id,
            Child.deleted_at.is_(None),
            Child.departure.is_(None),
        )
        .distinct()
    ).all()
