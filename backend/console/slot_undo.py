"""Take back a cancellation of whole sessions: one button, for ten minutes."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.bookings.slot_undo import LeftOut, Undone, slots_of, undo_cancellation
from backend.centres.week import placed_slot
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.permissions import Action
from backend.console.words import moment
from backend.deps import deps
from backend.kernel.privacy import mask_name
from backend.people.children import name_of
from backend.people.models import Child


def undo_address(cancellation_id: int) -> str:
    return url_for("console.undo_cancelling", cancellation_id=cancellation_id)


@bp.post("/slots/cancellations/<int:cancellation_id>/undo")
@requires(Action.EDIT_SLOTS)
def undo_cancelling(cancellation_id: int) -> ResponseReturnValue:
    """Whoever may cancel all of these sessions may undo it, not only who did."""
    with deps().sessions.begin() as session:
        for slot_id in slots_of(session, cancellation_id):
            placed_slot(session, slot_id, viewer().scope.centre_ids)
        done = undo_cancellation(
            session, deps().clock, cancellation_id=cancellation_id, actor=viewer().actor
        )
        stayed = [_named(one, session.get_one(Child, one.child_id)) for one in done.left_out]
    notices.done(_said(done))
    if done.off:
        off = [f"{moment(starts_at)}（{sentence(why)}）" for starts_at, why in done.off]
        notices.refused(f"{len(off)} 场没有恢复：{notices.some(off, '；')}")
    if stayed:
        left = notices.some(stayed, "；")
        notices.refused(f"{len(stayed)} 个预约或候补没有恢复，请电话联系：{left}")
    return redirect(back(), 303)


def _said(done: Undone) -> str:
    said = f"已恢复 {len(done.slots)} 场"
    if done.returned:
        said += f"，{done.returned} 个家庭的预约照旧"
    return said + (f"，其中 {done.told} 个会收到恢复通知" if done.told else "")


def _named(one: LeftOut, child: Child) -> str:
    """王*一 11月25日 10:00（这一年的六次免费指导已经约满）."""
    name = mask_name(name_of(deps().vault, child)) if child.name_sealed else "已注销的家庭"
    what = "" if one.booking_id else "候补 "
    return f"{name} {what}{moment(one.starts_at)}（{one.why.message}）"
