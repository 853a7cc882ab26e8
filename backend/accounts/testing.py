"""One message of a form to the office's own phone: somebody sees it before families do."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict
from backend.kernel.privacy import Vault
from backend.outbox import ledger, quotas
from backend.outbox.forms import FormKind
from backend.outbox.ledger import Key
from backend.outbox.messenger import REFUSED_OR_USED_UP
from backend.outbox.quotas import Limits
from backend.people import phones
from backend.people.models import ParentIdentity


class NoTestPhone(Conflict):
    code = "no_test_phone"
    message = "还没有试发用的手机"


class NoneLeftToday(Conflict):
    code = "no_sends_left"
    message = "这个账号现在不能再发，请明天再试"


def receiver(session: Session, vault: Vault, *, appid: str, phone: str | None) -> str:
    """The openid that the office's own phone has at this account. Raises NoTestPhone.

    Staff have no WeChat of ours: a number that WeChat has verified is the proof that it is theirs.
    """
    if phone is None:
        raise NoTestPhone("请维护人员设置 BACKEND_CAMPAIGN_TEST_PHONE（本单位自己的手机号）")
    parent_id = phones.holder(session, vault, phone)
    if parent_id is None:
        raise NoTestPhone("请先用试发的手机登录小程序，并关联手机号")
    openid = session.scalar(
        select(ParentIdentity.openid).where(
            ParentIdentity.parent_id == parent_id, ParentIdentity.appid == appid
        )
    )
    if openid is None:
        raise NoTestPhone("试发的手机还没有关联这个公众号，请在小程序“我的 › 关注公众号”里扫码")
    return openid


def begin(session: Session, clock: Clock, *, appid: str, name: str, limits: Limits) -> None:
    """Count the message before it is sent, as every other one. Raises NoneLeftToday."""
    if not quotas.take(session, clock, [(appid, name)], {appid: limits}).may_go[0]:
        raise NoneLeftToday


def finish(  # noqa: PLR0913  # what was sent to whom, and what came of it
    session: Session,
    clock: Clock,
    *,
    key: Key,
    kind: FormKind,
    name: str,
    errcode: int | None,
    sent: bool,
    actor: str,
) -> None:
    """Keep what came of it: a permission that was used is used, one that was not there is gone."""
    if kind != "message":
        if errcode == REFUSED_OR_USED_UP:
            ledger.refused(session, clock, [key])
        elif sent and kind == "once" and ledger.allowed(session, [key]):
            ledger.use(session, clock, [ledger.Use(None, key)])
    audit.record(
        session,
        clock,
        actor=actor,
        action="template.tested",
        subject=f"account:{key.appid}",
        detail={"template": name, "template_id": key.template_id, "errcode": errcode, "sent": sent},
    )
