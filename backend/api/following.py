"""Following the city's 公众号, so that reminders come where they are seen."""

from enum import StrEnum

import segno
from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from backend.accounts import linking
from backend.accounts.models import LinkCode, LinkOutcome
from backend.accounts.queries import account, account_to_follow, service_account_for
from backend.api.auth import signed_in, viewer
from backend.api.schemas import CityTime, Out
from backend.deps import deps
from backend.kernel.errors import NotFound
from backend.people import consents
from backend.wechat.followers import qr_address

bp = APIBlueprint("following", __name__, tag="家庭")


class NothingToFollow(NotFound):
    code = "nothing_to_follow"
    message = "本市还没有可以接收提醒的公众号"


class CodeState(StrEnum):
    WAITING = "waiting"
    EXPIRED = "expired"
    LINKED = LinkOutcome.LINKED.value
    OTHER_PARENT = LinkOutcome.OTHER_PARENT.value
    OTHER_PERSON = LinkOutcome.OTHER_PERSON.value


class CodeOut(Out):
    state: CodeState
    expires_at: CityTime


class FollowingOut(Out):
    """`account_name`: the 公众号 to follow, null where there is none. `code`: the last one shown.

    Reminders come by it while both `linked` and `following` are true.
    """

    account_name: str | None
    linked: bool
    following: bool
    code: CodeOut | None


class NewCodeOut(Out):
    """A QR code as a PNG in a data: address, to be scanned by WeChat within ten minutes, once.

    Not SVG as our own codes: a phone keeps and recognises pixels.
    """

    picture: str
    expires_at: CityTime


@bp.get("/me/following")
@signed_in
@bp.output(FollowingOut)
def read_following() -> FollowingOut:
    """Which 公众号 to follow, and whether this parent does."""
    deps().ensure_accounts()
    with deps().reads() as session:
        return _following(session)


@bp.post("/me/following/codes")
@signed_in
@bp.output(NewCodeOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No 公众号 to follow",
        429: "Too many in an hour",
    }
)
def make_code() -> NewCodeOut:
    """A QR code of WeChat's: whoever scans it follows, and is known as this parent."""
    parts = deps()
    parts.ensure_accounts()
    with parts.reads() as session:
        consents.check_policy(session, parts.documents, viewer())
        wanted = account_to_follow(session, viewer())
    if wanted is None:
        raise NothingToFollow
    client = parts.account_client(wanted.appid)
    with parts.sessions.begin() as session:
        code, scene = linking.make_code(
            session, parts.clock, parts.scenes, parent_id=viewer(), appid=wanted.appid
        )
    address = qr_address(client, parts.clock, code, scene)  # WeChat is asked with nothing open
    picture = segno.make(address, error="m", micro=False).png_data_uri(scale=8, border=4)
    return NewCodeOut(picture=picture, expires_at=code.expires_at)


@bp.delete("/me/following")
@signed_in
@bp.doc(responses={204: "No WeChat of a 公众号 is linked to this parent any more"})
def unlink() -> Response:
    """Get no more reminders by a 公众号. Whether to follow it is said in WeChat itself."""
    with deps().sessions.begin() as session:
        linking.unlink_all(session, deps().clock, parent_id=viewer())
    return Response(status=204)


def _following(session: Session) -> FollowingOut:
    found = service_account_for(session, viewer())
    wanted = account(session, found[0]) if found else account_to_follow(session, viewer())
    if wanted is None:
        return FollowingOut(account_name=None, linked=False, following=False, code=None)
    stands = linking.standing(session, parent_id=viewer(), appid=wanted.appid)
    return FollowingOut(
        account_name=wanted.name,
        linked=stands.linked,
        following=stands.following,
        code=stands.code and _code(stands.code),
    )


def _code(code: LinkCode) -> CodeOut:
    if code.outcome is not None:
        state = CodeState(code.outcome.value)
    else:
        over = deps().clock.now() >= code.expires_at
        state = CodeState.EXPIRED if over else CodeState.WAITING
    return CodeOut(state=state, expires_at=code.expires_at)
