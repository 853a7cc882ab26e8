"""What a desk does with a booking. Every rule is a service's; here is only who asks and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import service
from backend.bookings.desk import booking_in_scope, bookings_of_child, history
from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import STATE_TITLES
from backend.console import notices, words
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id, sentence
from backend.console.desk import line_of
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import DomainError, Invalid, NotFound
from backend.kernel.privacy import mask_birth_date
from backend.people.children import name_of
from backend.people.models import Child

MOST_AT_ONCE = 200


class Act(Protocol):
    """A step that needs nothing but the booking and who takes it."""

    def __call__(
        self, session: Session, clock: Clock, *, booking_id: int, actor: str
    ) -> Booking: ...


@dataclass(frozen=True)
class BulkStep:
    act: Act
    done: str
    after: BookingState


BULK: dict[str, BulkStep] = {
    "confirm": BulkStep(service.confirm, "已确认", BookingState.CONFIRMED),
    "attended": BulkStep(service.mark_attended, "已记为到场", BookingState.ATTENDED),
    "missed": BulkStep(service.mark_missed, "已记为未到", BookingState.MISSED),
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
    """One step for many, and one press that takes all of it back."""
    name = request.form.get("step", "")
    step = BULK.get(name, BULK["confirm"])
    chosen = at_most(request.form.getlist("booking", type=row_id))
    if not chosen:
        notices.refused("请先勾选")
        return redirect(back(), 303)
    done, refused = _each(chosen, step.act)
    if done:
        of = ".".join(map(str, done))  # in the address of the notice, which travels in a cookie
        undo = url_for("console.undo_at_once", step=name, of=of)
        notices.done(f"{step.done} {len(done)} 个", undo=undo)
    notices.refused_for(refused)
    return redirect(back(), 303)


@bp.post("/bookings/at-once/undo")
@requires(Action.DECIDE_BOOKINGS)
def undo_at_once() -> ResponseReturnValue:
    """Take one step for many back; what went on meanwhile stays as it is, and is named."""
    step = BULK.get(request.args.get("step", ""), BULK["confirm"])
    try:
        chosen = at_most(row_id(part) for part in request.args.get("of", "").split("."))
    except ValueError as error:
        raise Invalid("请刷新后再试") from error

    done, refused = _each(chosen, partial(service.undo, of=step.after))
    if done:
        notices.done(f"已撤销 {len(done)} 个")
    notices.refused_for(refused)
    return redirect(back(), 303)


def at_most(chosen: Iterable[int]) -> list[int]:
    """Each once, and as many as one press takes; who chose more is told."""
    found = list(dict.fromkeys(chosen))
    if (rest := len(found) - MOST_AT_ONCE) > 0:
        notices.refused(f"一次最多 {MOST_AT_ONCE} 个，还有 {rest} 个没有处理，请再来一次")
    return found[:MOST_AT_ONCE]


def _each(chosen: Iterable[int], act: Act) -> tuple[list[int], dict[str, list[str]]]:
    """Each in a transaction of its own: one refusal keeps no other back.

    Those that were done, and whose were refused by what was said.
    """
    done: list[int] = []
    refused: dict[str, list[str]] = {}
    for booking_id in chosen:
        try:
            _take(booking_id, act)
        except DomainError as error:
            refused.setdefault(sentence(error), []).append(whose(booking_id))
        else:
            done.append(booking_id)
    return done, refused


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
        others = bookings_of_child(session, child.id, viewer().scope.centre_ids)
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
            others=[line_of(one) for one in others if one.id != booking_id],
            name=name_of(parts.vault, child) if reveal else None,
            birth=mask_birth_date(child.birth_date),
            child=child,
            town=parts.places.town(child.town_code).name,
            steps=history(session, booking_id),
            titles=STATE_TITLES,
            today=city_date(parts.clock.now()),
        )
