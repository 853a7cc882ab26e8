"""What WeChat said when it was asked what an account may do."""

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.accounts.models import Capability, CapabilityAnswer, WeChatAccount
from backend.accounts.rules import Findings, decided, lawful
from backend.kernel import audit
from backend.kernel.clock import Clock

log = structlog.get_logger()


def keep_findings(
    session: Session, clock: Clock, appid: str, findings: Findings, *, version: int
) -> None:
    """Keep each answer with its time, and turn the flags. What was lost is logged and stays seen.

    Bad keys and answers that say nothing about a right change no flag: nobody knows better.
    `version`: of the secret that was asked with; of one that has been replaced since, nothing is
    kept, and the new one is asked about soon.
    """
    row = session.get(WeChatAccount, appid, with_for_update=True, populate_existing=True)
    if row is None or row.retired_at is not None or row.secret_version != version:
        return
    row.asked_at, row.asked_errcode, row.asked_ip = clock.now(), findings.keys, findings.ip
    gained: list[str] = []
    lost: list[str] = []
    for capability, errcode in findings.answers.items():
        before = row.can(capability)
        after = _after(row, capability, errcode)
        if before != after:
            (gained if after else lost).append(capability.value)
            setattr(row, f"can_{capability.value}", after)
        _keep(session, clock, row, capability, errcode, lost=before and not after)
    for name in lost:
        log.warning("capability_lost", account=appid, capability=name)
    if gained or lost:
        audit.record(
            session,
            clock,
            actor="wechat",
            action="account.capabilities_changed",
            subject=f"account:{appid}",
            detail={"gained": sorted(gained), "lost": sorted(lost)},
        )


def _after(row: WeChatAccount, capability: Capability, errcode: int) -> bool:
    said = decided(capability, errcode)
    if said is None:
        return row.can(capability)
    return said and lawful(row.kind, capability, certified=row.certified)


def _keep(
    session: Session,
    clock: Clock,
    row: WeChatAccount,
    capability: Capability,
    errcode: int,
    *,
    lost: bool,
) -> None:
    now = clock.now()
    values = {"asked_at": now, "errcode": errcode}
    if lost:
        values["lost_at"] = now
    elif row.can(capability):
        values["lost_at"] = None
    statement = insert(CapabilityAnswer).values(appid=row.appid, capability=capability, **values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["appid", "capability"], set_=values)
    )
