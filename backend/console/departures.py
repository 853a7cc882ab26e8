"""家庭: a child moved away or died, said by the town for its family, and taken back."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.errors import Invalid
from backend.people.models import Departure
from backend.rights.departing import ToldBy, come_back_for_family, depart_for_family

TOLD_BY = {
    ToldBy.FAMILY: "家人告知",
    ToldBy.VILLAGE: "社区（村）告知",
    ToldBy.CLINIC: "医疗机构告知",
}
SAID = {
    Departure.MOVED: "已登记为搬离本市，提醒已全部停止，预约已取消",
    Departure.DIED: "已登记，提醒已全部停止，预约已取消",
}

Choice = TypeVar("Choice", bound=StrEnum)


@bp.post("/families/<int:child_id>/departure")
@requires(Action.DECIDE_DUPLICATES)
def depart_family(child_id: int) -> ResponseReturnValue:
    kind = _chosen(Departure, "kind")
    with deps().sessions.begin() as session:
        depart_for_family(
            session,
            deps().clock,
            child_id=child_id,
            kind=kind,
            actor=viewer().actor,
            told_by=_chosen(ToldBy, "told_by"),
            town_code=viewer().scope.town_code,
        )
    notices.done(SAID[kind], undo=url_for("console.undo_departure", child_id=child_id))
    return redirect(back(), 303)


@bp.post("/families/<int:child_id>/departure/undo")
@requires(Action.DECIDE_DUPLICATES)
def undo_departure(child_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        come_back_for_family(
            session,
            deps().clock,
            child_id=child_id,
            actor=viewer().actor,
            town_code=viewer().scope.town_code,
        )
    notices.done("已撤销，提醒照常；取消的预约请家庭重新预约")
    return redirect(back(), 303)


def _chosen(kind: type[Choice], field: str) -> Choice:
    try:
        return kind(request.form.get(field, ""))
    except ValueError:
        raise Invalid("请选择后再提交") from None
