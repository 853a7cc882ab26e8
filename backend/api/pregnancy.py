"""The pregnancy handbook: from the due date to a child's book, or to a quiet end.

A pregnancy is that of whoever opened it and a partner who was invited: there is no id in any
address, and staff have no route.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.children import ChildIn, ChildrenOut, InvitationOut, check_place, child_out
from backend.api.idempotency import once
from backend.api.pregnancy_answers import PregnancyCopyOut, PregnancyOut, answer
from backend.api.schemas import Body, day_in_address
from backend.bookings.queries import policy_at
from backend.deps import deps
from backend.handbook.pregnancy import entries, service, sharing
from backend.handbook.pregnancy.dating import Dating, Method
from backend.people import children, consents, joining
from backend.people.children import Registration
from backend.people.models import Purpose, Relation
from backend.people.rules import InvitationInvalid
from backend.rights.pregnancy_copies import copy_of_pregnancies

bp = APIBlueprint("pregnancy", __name__, tag="孕期手册")

REFUSED = {
    403: "Consent for this purpose is needed first",
    404: "No open pregnancy of this parent",
    422: "A date or a value is wrong",
}


class DatingIn(Body):
    """`day`: of the last period, the scan, the transfer, or the due date itself."""

    dated_by: Method
    day: date
    scan_weeks: Annotated[int, Field(ge=0, le=45)] = 0
    scan_days: Annotated[int, Field(ge=0, le=6)] = 0
    embryo_days: Annotated[int, Field(ge=0, le=7)] = 0
    multiple: bool = False

    def told(self) -> Dating:
        return Dating(self.dated_by, self.day, self.scan_weeks, self.scan_days, self.embryo_days)


class BirthIn(Body):
    """`gestational_weeks` of a child may be left out: the due date says them."""

    born: Annotated[list[ChildIn], Field(min_length=1, max_length=service.MOST_AT_ONCE)]


class InvitingIn(Body):
    """What the inviting parent is to the child."""

    relation: Relation


class JoiningIn(InvitingIn):
    code: Annotated[str, StringConstraints(min_length=8, max_length=20)]


class CheckupDoneIn(Body):
    done_on: date


class WeightIn(Body):
    kg: Annotated[Decimal, Field(ge=entries.LEAST_KG, le=entries.MOST_KG, decimal_places=2)]


class MovementsIn(Body):
    started_at: AwareDatetime
    minutes: Annotated[int, Field(ge=1, le=entries.MOST_MINUTES)]
    count: Annotated[int, Field(ge=0, le=entries.MOST_COUNT)]


@bp.get("/pregnancy")
@signed_in
@bp.output(PregnancyOut)
def read_pregnancy() -> PregnancyOut:
    """Week, check-ups, card, diary; or that there is none, or that it is over."""
    with deps().reads() as session:
        return answer(session, deps(), viewer())


@bp.post("/pregnancy")
@signed_in
@bp.input(DatingIn)
@bp.output(PregnancyOut, status_code=201)
@bp.doc(responses={403: REFUSED[403], 409: "One is open already", 422: REFUSED[422]})
def begin_pregnancy(json_data: DatingIn) -> PregnancyOut:
    """Open the pregnancy handbook with a due date, found in one of four ways."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        service.lock_parent(session, me)
        _check_agreed(session)
        service.begin(
            session,
            parts.clock,
            parent_id=me,
            dating=json_data.told(),
            multiple=json_data.multiple,
        )
        return answer(session, parts, me)


@bp.put("/pregnancy")
@signed_in
@bp.input(DatingIn)
@bp.output(PregnancyOut)
@bp.doc(responses=REFUSED)
def move_due_date(json_data: DatingIn) -> PregnancyOut:
    """Move the due date; everything that was planned is planned anew."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        service.redate(
            session,
            parts.clock,
            parent_id=me,
            dating=json_data.told(),
            multiple=json_data.multiple,
        )
        _check_agreed(session)  # after: 404 comes before 403
        return answer(session, parts, me)


@bp.post("/pregnancy/birth")
@signed_in
@bp.input(BirthIn)
@bp.output(ChildrenOut, status_code=201)
@bp.doc(responses=REFUSED)
def record_birth(json_data: BirthIn) -> Response:
    """The family says that it is born: a book for each child, and no more pushes before it."""
    parts, me = deps(), viewer()
    for told in json_data.born:
        check_place(told)
    born = [Registration(**told.model_dump()) for told in json_data.born]

    def work(session: Session) -> ChildrenOut:
        made = service.record_birth(session, parts.clock, parts.vault, parent_id=me, born=born)
        consents.check_given(session, parts.documents, me)
        policy = policy_at(session, parts.clock.now())
        guardians = children.guardian_counts(session, [child.id for child in made])
        return ChildrenOut(items=[child_out(child, guardians[child.id], policy) for child in made])

    return once(work)


@bp.post("/pregnancy/end")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: REFUSED[404]})
def end_pregnancy() -> PregnancyOut:
    """It is over; nothing is asked. Every message about it stops at once."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        service.end(session, parts.clock, parent_id=me)
        return answer(session, parts, me)


@bp.post("/pregnancy/restore")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: "None was ended", 409: "Too late, or the other parent has another"})
def restore_pregnancy() -> PregnancyOut:
    """Take a mistaken end back, within ten minutes."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        service.lock_parents(session, me)
        service.restore(session, parts.clock, parent_id=me)
        return answer(session, parts, me)


@bp.post("/pregnancy/invitations")
@signed_in
@bp.input(InvitingIn)
@bp.output(InvitationOut, status_code=201)
@bp.doc(responses={403: "Not the opener, or consent is needed", 404: REFUSED[404], 409: "Shared"})
def invite_partner(json_data: InvitingIn) -> InvitationOut:
    """A code by which the other parent joins, once, within a day."""
    with deps().sessions.begin() as session:
        code, until = sharing.invite(
            session, deps().clock, parent_id=viewer(), relation=json_data.relation
        )
        _check_agreed(session)
        return InvitationOut(code=code, expires_at=until)


@bp.post("/pregnancy/join")
@signed_in
@bp.input(JoiningIn)
@bp.output(PregnancyOut)
@bp.doc(
    responses={
        403: REFUSED[403],
        404: "Unknown, used or expired code",
        409: "An own one is open, or two share it already",
        429: "Too many wrong codes",
    }
)
def join_pregnancy(json_data: JoiningIn) -> PregnancyOut:
    """Share the pregnancy of whoever made the code. Needs the consents of a guardian too."""
    parts, me = deps(), viewer()
    try:
        with parts.sessions.begin() as session:
            service.lock_parent(session, me)
            consents.check_given(session, parts.documents, me)
            _check_agreed(session)
            sharing.join(
                session,
                parts.clock,
                parent_id=me,
                code=json_data.code,
                relation=json_data.relation,
            )
            return answer(session, parts, me)
    except InvitationInvalid:
        with parts.sessions.begin() as session:
            joining.count_wrong_code(session, parts.clock, parent_id=me)
        raise


@bp.post("/pregnancy/leave")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: REFUSED[404]})
def leave_pregnancy() -> PregnancyOut:
    """The partner leaves, or the opener stops sharing; the other one keeps everything."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        sharing.leave(session, parts.clock, parent_id=me)
        return answer(session, parts, me)


@bp.put("/pregnancy/checkups/<checkup_id>")
@signed_in
@bp.input(CheckupDoneIn)
@bp.output(PregnancyOut)
@bp.doc(responses=REFUSED)
def record_checkup(checkup_id: str, json_data: CheckupDoneIn) -> PregnancyOut:
    """Record that a check-up is done; a reminder of it that still waits is cancelled."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.record_checkup(
            session,
            parts.clock,
            parts.pregnancy,
            parent_id=me,
            checkup_id=checkup_id,
            done_on=json_data.done_on,
        )
        _check_agreed(session)
        return answer(session, parts, me)


@bp.delete("/pregnancy/checkups/<checkup_id>")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: REFUSED[404]})
def undo_checkup(checkup_id: str) -> PregnancyOut:
    """Take the record of a check-up back."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.undo_checkup(session, parts.pregnancy, parent_id=me, checkup_id=checkup_id)
        return answer(session, parts, me)


@bp.put("/pregnancy/weights/<day>")
@signed_in
@bp.input(WeightIn)
@bp.output(PregnancyOut)
@bp.doc(responses=REFUSED)
def record_weight(day: str, json_data: WeightIn) -> PregnancyOut:
    """Write down the weight of a day; again changes it."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.record_weight(
            session,
            parts.clock,
            parts.vault,
            parent_id=me,
            day=day_in_address(day),
            kg=json_data.kg,
        )
        _check_agreed(session)
        return answer(session, parts, me)


@bp.delete("/pregnancy/weights/<day>")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: REFUSED[404]})
def remove_weight(day: str) -> PregnancyOut:
    """Remove the weight of a day."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.remove_weight(session, parent_id=me, day=day_in_address(day))
        return answer(session, parts, me)


@bp.post("/pregnancy/movements")
@signed_in
@bp.input(MovementsIn)
@bp.output(PregnancyOut, status_code=201)
@bp.doc(responses=REFUSED)
def record_movements(json_data: MovementsIn) -> PregnancyOut:
    """Keep a count of movements; the same start again is the same count."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.record_movements(
            session,
            parts.clock,
            parts.vault,
            parent_id=me,
            started_at=json_data.started_at,
            minutes=json_data.minutes,
            count=json_data.count,
        )
        _check_agreed(session)
        return answer(session, parts, me)


@bp.delete("/pregnancy/movements/<int:entry_id>")
@signed_in
@bp.output(PregnancyOut)
@bp.doc(responses={404: "No such count, or no open pregnancy"})
def remove_movements(entry_id: int) -> PregnancyOut:
    """Remove a count."""
    parts, me = deps(), viewer()
    with parts.sessions.begin() as session:
        entries.remove_movements(session, parent_id=me, entry_id=entry_id)
        return answer(session, parts, me)


@bp.get("/pregnancy/export")
@signed_in
@bp.output(PregnancyCopyOut)
def export_pregnancies() -> PregnancyCopyOut:
    """A copy of everything that is kept of one's pregnancies (PIPL art. 45)."""
    parts = deps()
    with parts.sessions.begin() as session:
        copy = copy_of_pregnancies(session, parts.clock, parts.vault, parent_id=viewer())
    return PregnancyCopyOut.model_validate(copy)


def _check_agreed(session: Session) -> None:
    documents = deps().documents
    consents.check_policy(session, documents, viewer())
    consents.check_agreed(session, documents, viewer(), Purpose.PREGNANCY)
