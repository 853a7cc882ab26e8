"""Who may ask, decide and look: values in, a value or a refusal out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.rights.handbook_grants.models import GrantState, ReadPurpose

LONGEST = timedelta(days=7)  # the database checks it too
HOURS = {1: "1 小时", 4: "4 小时", 24: "1 天", 72: "3 天", 168: "7 天"}
USUAL_HOURS = 4  # a surgery's morning or afternoon
ASK_STANDS = timedelta(days=7)  # a request that nobody answers is none any more
MOST_OPEN = 20  # requests and grants of one member of staff: a ward, not a register
LONGEST_REASON = 200  # characters
PURPOSES = {
    ReadPurpose.FOLLOW_UP: "儿保随访",
    ReadPurpose.REFERRAL: "转诊会诊",
    ReadPurpose.FAMILY_ASKED: "家长当面请求",
    ReadPurpose.DATA_CHECK: "数据核对",
}


class BookPage(StrEnum):
    """What one look shows; the log names it, so that a family sees what was looked at."""

    VACCINES = "vaccines"
    CHECKUPS = "checkups"
    GROWTH = "growth"


PAGE_TITLES = {
    BookPage.VACCINES: "接种",
    BookPage.CHECKUPS: "体检和筛查",
    BookPage.GROWTH: "生长",
}


class HandbookNotFound(NotFound):
    """Unknown, of another town, or another birth date: which of them is not told."""

    code = "handbook_not_found"
    message = "没有找到，请核对姓名或手册编号、出生日期和辖区"


class HandbookClosed(Conflict):
    code = "handbook_closed"
    message = "这本手册现在不能看：孩子已停止服务，或家长撤回了同意"


class GrantOpen(Conflict):
    code = "handbook_grant_open"
    message = "您对这个孩子已经有申请或授权，见下面的列表"


class TooManyGrants(Conflict):
    code = "handbook_grants_open"
    message = f"同时最多 {MOST_OPEN} 个申请和授权，请先结束用完的"


class GrantDecided(Conflict):
    code = "handbook_grant_decided"
    message = "这份申请刚刚被处理过，或已经失效，请刷新"


class OwnGrant(Conflict):
    code = "handbook_grant_own"
    message = "自己的申请要由别的负责人审批"


class GrantOver(Conflict):
    code = "handbook_grant_over"
    message = "授权已经到时或结束，还要看请重新申请"


@dataclass(frozen=True)
class Term:
    """What a grant's standing hangs on."""

    state: GrantState
    asked_at: datetime
    ends_at: datetime | None

    def standing(self, now: datetime) -> GrantState:
        """The state as it is now: a grant ends by itself, and so does a request."""
        if self.state is GrantState.ASKED and now >= self.asked_at + ASK_STANDS:
            return GrantState.WITHDRAWN
        if self.state is GrantState.GRANTED and self.ends_at is not None and now >= self.ends_at:
            return GrantState.ENDED
        return self.state

    @property
    def runs_out_at(self) -> datetime:
        return self.ends_at or self.asked_at + ASK_STANDS


def check_hours(hours: int) -> None:
    """Raises Invalid for a time that is not offered."""
    if hours not in HOURS:
        raise Invalid("请选择要看多久，最长 7 天")


def check_may_ask(open_ones: int) -> None:
    """Raises TooManyGrants."""
    if open_ones >= MOST_OPEN:
        raise TooManyGrants


def check_may_decide(term: Term, asked_by: int, decided_by: int, now: datetime) -> None:
    """Raises OwnGrant, or GrantDecided for what waits no more."""
    if asked_by == decided_by:
        raise OwnGrant
    if term.standing(now) is not GrantState.ASKED:
        raise GrantDecided


def check_may_read(term: Term, now: datetime) -> None:
    """Raises GrantOver unless it is granted and its time has not run out."""
    if term.standing(now) is not GrantState.GRANTED:
        raise GrantOver


def end_of(granted_at: datetime, hours: int) -> datetime:
    """The time runs from the approval, not from the request."""
    return granted_at + min(timedelta(hours=hours), LONGEST)


def reason_of(text: str, *, needed: bool) -> str:
    """What the manager writes. Raises Invalid for nothing where a word is needed."""
    said = " ".join(text.split())
    if needed and not said:
        raise Invalid("请写明不批准的原因")
    if len(said) > LONGEST_REASON:
        raise Invalid(f"原因最多 {LONGEST_REASON} 字")
    return said
