"""Signing in and out, and who I am."""

from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from backend.accounts import linking
from backend.api.auth import signed_in, token_of_request, viewer
from backend.api.schemas import Body, CityTime, Out
from backend.deps import deps, login_gateway
from backend.kernel.privacy import mask_phone
from backend.people import children, consents, phones, signin
from backend.people.models import Parent

bp = APIBlueprint("sessions", __name__, tag="家庭")


class LoginIn(Body):
    code: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class SessionOut(Out):
    token: str
    expires_at: CityTime


@bp.post("/sessions")
@bp.input(LoginIn)
@bp.output(SessionOut, status_code=201)
@bp.doc(responses={401: "The code is unknown, used or expired"})
def sign_in(json_data: LoginIn) -> SessionOut:
    """Redeem a code of wx.login for a token of ours."""
    identity = login_gateway().openid_for(json_data.code)  # WeChat first, no transaction open
    with deps().sessions.begin() as session:
        parent, token, expires_at = signin.sign_in(
            session, deps().clock, appid=deps().settings.wechat_appid, identity=identity
        )
        if identity.unionid is not None:
            linking.link_known(session, deps().clock, parent_id=parent.id)
    return SessionOut(token=token, expires_at=expires_at)


@bp.delete("/sessions")
@signed_in
@bp.doc(responses={204: "Signed out"})
def sign_out() -> Response:
    """Forget this token."""
    with deps().sessions.begin() as session:
        signin.sign_out(session, token_of_request() or "")
    return Response(status=204)


class MeOut(Out):
    id: int
    phone_masked: str | None
    children_count: int
    consents_current: bool


@bp.get("/me")
@signed_in
@bp.output(MeOut)
def me() -> MeOut:
    """The parent who asks."""
    with deps().reads() as session:
        return _me(session)


class PhoneIn(Body):
    code: Annotated[str, StringConstraints(min_length=1, max_length=128)]


@bp.post("/me/phone")
@signed_in
@bp.input(PhoneIn)
@bp.output(MeOut)
@bp.doc(responses={403: "Consent is needed first", 422: "The code is unknown, used or expired"})
def keep_phone(json_data: PhoneIn) -> MeOut:
    """Keep the phone behind a code of the phone button. Nobody has to."""
    with deps().reads() as session:  # before WeChat tells us a number that we may not keep
        consents.check_policy(session, deps().documents, viewer())
    phone = login_gateway().phone_for(json_data.code)  # WeChat first, no transaction open
    with deps().sessions.begin() as session:
        phones.keep(session, deps().vault, parent_id=viewer(), phone=phone)
        return _me(session)


@bp.delete("/me/phone")
@signed_in
@bp.output(MeOut)
def forget_phone() -> MeOut:
    """Forget the phone."""
    with deps().sessions.begin() as session:
        phones.forget(session, parent_id=viewer())
        return _me(session)


def _me(session: Session) -> MeOut:
    parent = session.get_one(Parent, viewer())
    phone = parent.phone_sealed
    return MeOut(
        id=parent.id,
        phone_masked=phone and mask_phone(deps().vault.open(phone, phones.PHONE)),
        children_count=len(children.children_of(session, parent.id)),
        consents_current=not consents.needed(session, deps().documents, parent.id),
    )
