"""家庭: registrations that may be the same child, decided by the town or the city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import moving
from backend.bookings.changes import actor_name
from backend.bookings.queries import policy_at, quota
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.desk import note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.handbook.service import replan_child
from backend.kernel.errors import NotFound
from backend.kernel.privacy import mask_birth_date, mask_name
from backend.people import joining
from backend.people.children import guardian_counts, name_of
from backend.people.models import Child, DuplicateDecision, Sex

SHOWN_FOR = timedelta(days=30)
MOST_DECISIONS = 50


@dataclass(frozen=True)
class Record:
    """One registration as the console shows it."""

    id: int
    name: str  # masked
    birth: str
    sex: str
    place: str
    guardians: int
    used: int
    registered_at: datetime


@dataclass(frozen=True)
class Pair:
    second: Record
    first: Record


@dataclass(frozen=True)
class Decided:
    id: int
    name: str  # masked
    same: bool
    who: str
    at: datetime
    undone: bool


@bp.get("/families")
@requires(Action.DECIDE_DUPLICATES)
def families() -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        seconds = joining.possible_duplicates(session, viewer().scope.town_code)
        first_ids = [one.duplicate_of_id for one in seconds if one.duplicate_of_id is not None]
        firsts = {
            one.id: one for one in session.scalars(select(Child).where(Child.id.in_(first_ids)))
        }
        children = [*seconds, *firsts.values()]
        note_listed(session, "families", (child.id for child in children))
        records = _records(session, children)
        pairs = [
            Pair(records[one.id], records[one.duplicate_of_id])
            for one in seconds
            if one.duplicate_of_id is not None
        ]
        decided = _decided(session)
    return render_template("console/families.html", pairs=pairs, decided=decided)


def _records(session: Session, children: list[Child]) -> dict[int, Record]:
    parts = deps()
    now = parts.clock.now()
    policy = policy_at(session, now)
    guardians = guardian_counts(session, [child.id for child in children])
    return {
        child.id: Record(
            id=child.id,
            name=mask_name(name_of(parts.vault, child)),
            birth=mask_birth_date(child.birth_date),
            sex="男" if child.sex is Sex.MALE else "女",
            place=_place(child),
            guardians=guardians.get(child.id, 0),
            used=quota(session, policy, now, child).used,
            registered_at=child.created_at,
        )
        for child in children
    }


def _place(child: Child) -> str:
    places = deps().places
    town = places.town(child.town_code).name
    if child.village_code is None:
        return town
    return f"{town} {places.village(child.town_code, child.village_code).name}"


def _decided(session: Session) -> list[Decided]:
    query = (
        select(DuplicateDecision, Child)
        .join(Child, Child.id == DuplicateDecision.child_id)
        .where(DuplicateDecision.at > deps().clock.now() - SHOWN_FOR)
        .order_by(DuplicateDecision.id.desc())
        .limit(MOST_DECISIONS)
    )
    if viewer().scope.town_code is not None:
        query = query.where(Child.town_code == viewer().scope.town_code)
    return [
        Decided(
            id=decision.id,
            name=mask_name(name_of(deps().vault, child)),
            same=decision.same,
            who=actor_name(session, decision.actor),
            at=decision.at,
            undone=decision.undone_at is not None,
        )
        for decision, child in session.execute(query)
    ]


@bp.post("/families/<int:child_id>")
@requires(Action.DECIDE_DUPLICATES)
def decide(child_id: int) -> ResponseReturnValue:
    same = request.form.get("same") == "yes"
    with deps().sessions.begin() as session:
        _check_town(session, child_id)
        decision = joining.decide_duplicate(
            session,
            deps().clock,
            child_id=child_id,
            same=same,
            actor=viewer().actor,
            move=moving.move_sessions,
        )
        _replan(session, decision)
        undo = url_for("console.undo_decision", decision_id=decision.id)
    text = "已合并为同一个孩子" if same else "已记为两个孩子，可以各自预约"
    notices.done(text, undo=undo)
    return redirect(back(), 303)


@bp.post("/families/decisions/<int:decision_id>/undo")
@requires(Action.DECIDE_DUPLICATES)
def undo_decision(decision_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        decision = session.get(DuplicateDecision, decision_id)
        if decision is None:
            raise NotFound
        _check_town(session, decision.child_id)
        joining.undo_decision(
            session,
            deps().clock,
            decision_id=decision_id,
            actor=viewer().actor,
            move_back=moving.move_back,
        )
        _replan(session, decision)
    notices.done("已撤销，重新列为可能重复")
    return redirect(back(), 303)


def _replan(session: Session, decision: DuplicateDecision) -> None:
    """What one registration recorded counts for the other, or does so no more."""
    parts = deps()
    for child_id in sorted((decision.child_id, decision.other_id)):
        replan_child(session, parts.clock, parts.vault, parts.handbook, child_id=child_id)


def _check_town(session: Session, child_id: int) -> None:
    """Raises NotFound for a child of another town."""
    town = session.scalar(select(Child.town_code).where(Child.id == child_id))
    wanted = viewer().scope.town_code
    if town is None or (wanted is not None and town != wanted):
        raise NotFound
