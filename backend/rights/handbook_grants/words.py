"""A grant's standing as staff and families read it."""

from __future__ import annotations

from backend.rights.handbook_grants.models import GrantState
from backend.rights.handbook_grants.queries import GrantRow

STANDING = {
    GrantState.ASKED: "等待审批",
    GrantState.GRANTED: "可以看",
    GrantState.REFUSED: "没有批准",
    GrantState.WITHDRAWN: "已撤回",
    GrantState.ENDED: "已结束",
}
RAN_OUT = {
    GrantState.WITHDRAWN: "没有人审批，已失效",
    GrantState.ENDED: "到时结束",
}


def standing_words(row: GrantRow) -> str:
    """Where it is over, by whose doing."""
    if row.by_family:
        return "家长收回"
    if row.standing in RAN_OUT and row.closed_by in (None, "system"):
        return RAN_OUT[row.standing]
    return STANDING[row.standing]
