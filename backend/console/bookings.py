"""What a desk does with a booking. Every rule is a service's; here is only who asks and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import service
from backend.bookings.desk import booking_in_scope, history
from backend.bookings.models import Booking
from backend.bookings.rules import STATE_TITLES
from backend.console import notices, words
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id, sentence
from backend.console.desk import line_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import DomainError, NotFound
from backend.kernel.privacy import mask_birth_date
from backend.people.children import name_of
from backend.people.models import Child

MOST_AT_ONCE = 200
MOST_NAMED = 12  # in one notice, which travels in a cookie


class Act(Protocol):
    """A step that needs nothing but the booking and who takes it."""

    def __call__(
        self, session: Session, clock: Clock, *, booking_id: int, actor: str
    ) -> Booking: ...


BULK: dict[str, tuple[Act, str]] = {
    "confirm": (service.confirm, "已确认"),
    "attended": (service.mark_attended, "已记为到场"),
    "missed": (service.mark_missed, "已记为未到"),
}


@bp.post("/bookings/<int:booking_id>/confirm")
@requires(Action.DECIDE_BOOKINGS)
def confirm(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, service.confirm, "已确认，家长会收到通知")


@bp.post("/bookings/<int:booking_id>/attended")
@requires(Action.DECIDE_BOOKINGS)
def attended(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, service.mark_attended, "已记为到场")


@bp.post("/bookings/<int:booking_id>/missed")
@requires(Action.DECIDE_BOOKINGS)
def missed(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, service.mark_missed, "已记为未到")


@bp.post("/bookings/<int:booking_id>/decline")
@requires(Action.DECIDE_BOOKINGS)
def decline(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, _with_reason(service.decline), "已婉拒，家长会看到原因")


@bp.post("/bookings/<int:booking_id>/cancel")
@requires(Action.DECIDE_BOOKINGS)
def cancel(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, _with_reason(service.cancel_by_centre), "已取消，次数已退还家庭")


@bp.post("/bookings/<int:booking_id>/undo")
@requires(Action.DECIDE_BOOKINGS)
def undo(booking_id: int) -> ResponseReturnValue:
    return _act(booking_id, service.undo, "已撤销", undoable=False)


def _act(booking_id: int, act: Act, done: str, *, undoable: bool = True) -> ResponseReturnValue:
    """One step in one transaction. A refusal goes to the blueprint: a sentence on the page."""
    _take(booking_id, act)
    offer = url_for("console.undo", booking_id=booking_id) if undoable else None
    notices.done(done, undo=offer)
    return redirect(back(), 303)


def _take(booking_id: int, act: Act) -> None:
    with deps().sessions.begin() as session:
        booking_in_scope(session, booking_id, viewer().scope.centre_ids)
        act(session, deps().clock, booking_id=booking_id, actor=viewer().actor)


def _with_reason(act: Callable[..., Booking]) -> Act:
    """A refusal of the centre with the reason of the form; the service asks for one."""
    reason = request.form.get("reason", "")

    def taken(session: Session, clock: Clock, *, booking_id: int, actor: str) -> Booking:
        return act(session, clock, booking_id=booking_id, actor=actor, reason=reason)

    return taken


@bp.post("/bookings/at-once")
@requires(Action.DECIDE_BOOKINGS)
def at_once() -> ResponseReturnValue:
    """One step for many. Each in a transaction of its own: one refusal keeps no other back."""
    act, done = BULK.get(request.form.get("step", ""), BULK["confirm"])
    chosen = request.form.getlist("booking", type=row_id)[:MOST_AT_ONCE]
    refused: dict[str, list[str]] = {}
    for booking_id in dict.fromkeys(chosen):
        try:
            _take(booking_id, act)
        except DomainError as error:
            refused.setdefault(sentence(error), []).append(whose(booking_id))
    failed = sum(map(len, refused.values()))
    if not chosen:
        notices.refused("请先勾选")
    elif len(set(chosen)) > failed:
        notices.done(f"{done} {len(set(chosen)) - failed} 个")
    for text, names in refused.items():
        more = " 等" if len(names) > MOST_NAMED else ""
        named = "、".join(names[:MOST_NAMED])
        notices.refused(f"{len(names)} 个没有成功（{named}{more}）：{text}")
    return redirect(back(), 303)


def whose(booking_id: int) -> str:
    """A booking in a notice: 王*一 11月25日 10:00; its number where the desk may see no more."""
    with deps().reads() as session:
        try:
            line = line_of(booking_in_scope(session, booking_id, viewer().scope.centre_ids))
        except NotFound:
            return f"预约 {booking_id}"
    return f"{line.child} {words.moment(line.slot.starts_at)}"


@bp.get("/bookings/<int:booking_id>")
@requires(Action.SEE_BOOKINGS)
def booking(booking_id: int) -> ResponseReturnValue:
    return _booking_page(booking_id, reveal=False)


@bp.post("/bookings/<int:booking_id>/name")
@requires(Action.REVEAL_NAME)
def reveal(booking_id: int) -> ResponseReturnValue:
    """The child's full name, once, for calling the family in; the audit log says who looked."""
    return _booking_page(booking_id, reveal=True)


def _booking_page(booking_id: int, *, reveal: bool) -> ResponseReturnValue:
    parts = deps()
    g.back_to = url_for("console.booking", booking_id=booking_id)
    with parts.sessions.begin() as session:
        found = booking_in_scope(session, booking_id, viewer().scope.centre_ids)
        child = session.get_one(Child, found.child_id)
        audit.record(
            session,
            parts.clock,
            actor=viewer().actor,
            action="child.name_revealed" if reveal else "child.read",
            subject=f"child:{child.id}",
            detail={"booking": booking_id},
        )
        return render_template(
            "console/booking.html",
            line=line_of(found),
            name=name_of(parts.vault, child) if reveal else None,
            birth=mask_birth_date(child.birth_date),
            child=child,
            town=parts.places.town(child.town_code).name,
            steps=history(session, booking_id),
            titles=STATE_TITLES,
            today=city_date(parts.clock.now()),
        )
