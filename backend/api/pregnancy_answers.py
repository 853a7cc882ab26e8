"""What the pregnancy handbook answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer
from sqlalchemy.orm import Session

from backend.api.schemas import CityTime, Out
from backend.deps import Deps
from backend.handbook.pregnancy import entries, service
from backend.handbook.pregnancy.board import CheckupOnDay, CheckupStatus, Phase, board
from backend.handbook.pregnancy.dating import Method
from backend.handbook.pregnancy.models import Pregnancy, State
from backend.handbook.pregnancy.programme import Programme, Told, Window
from backend.handbook.pregnancy.sharing import Sharing, sharing_of
from backend.kernel.clock import city_date
from backend.people import consents
from backend.people.models import Purpose

Kilograms = Annotated[Decimal, PlainSerializer(float, return_type=float)]


class ToldOut(Out):
    """`checked`: seen in an archived source; what is not says so in `source`."""

    text: str
    checked: bool
    source: str


class DatingOut(ToldOut):
    method: Method


class DangerOut(ToldOut):
    action: str
    signs: list[str]
    card_slug: str | None


class HelpOut(ToldOut):
    call: str | None


class CheckupOut(Out):
    id: str
    title: str
    from_date: date
    aim_date: date
    until_date: date
    first_week: int
    last_week: int
    status: CheckupStatus
    done_on: date | None
    free_items: list[str]
    extra_items: list[str]
    advice: list[str]
    source: str


class CardOut(Out):
    slug: str
    title: str
    summary: str


class WindowOut(ToldOut):
    title: str
    weeks_text: str
    optional: bool


class WeightOut(Out):
    day: date
    kg: Kilograms


class MovementsOut(Out):
    id: int
    started_at: CityTime
    minutes: int
    count: int


class OpenPregnancyOut(Out):
    """`days_left` is negative after the due date, which says nothing of a birth."""

    due_date: date
    dated_by: Method
    multiple: bool
    weeks: int
    days: int
    days_left: int
    phase: Phase
    checkups: list[CheckupOut]
    following: str | None
    card: CardOut | None
    windows: list[WindowOut]
    count_movements: WindowOut | None
    overdue: WindowOut | None
    weights: list[WeightOut]
    movements: list[MovementsOut]


class PregnancyOut(Out):
    """`agreed`: to all that opening one needs, the policy and the text about pregnancies.

    `restore_until`: until when a mistaken end can be taken back. `opener`: whether this parent
    opened it, and so invites; `shared`: whether another parent sees it too.
    """

    state: Literal["none", "open", "born", "ended"]
    opener: bool
    shared: bool
    agreed: bool
    today: date
    pregnancy: OpenPregnancyOut | None
    restore_until: CityTime | None
    dating: list[DatingOut]
    danger: DangerOut
    help: list[HelpOut]
    disclaimer: str
    version: str


class PregnancyCopyOut(Out):
    """Everything that is kept of the parent's pregnancies, as `rights` tells it."""

    exported_at: str
    pregnancies: list[dict[str, Any]]
    messages: list[dict[str, Any]]


def answer(session: Session, parts: Deps, parent_id: int) -> PregnancyOut:
    """The pregnancy handbook of a parent as it stands now."""
    programme, now = parts.pregnancy, parts.clock.now()
    last = service.latest(session, parent_id)
    danger = programme.danger
    ours = Sharing(False, False) if last is None else sharing_of(session, last, parent_id)
    return PregnancyOut(
        state="none" if last is None else _state(last.state),
        opener=ours.opener,
        shared=ours.shared,
        agreed=consents.agrees_to_all(
            session, parts.documents, parent_id, (Purpose.PRIVACY, Purpose.PREGNANCY)
        ),
        today=city_date(now),
        pregnancy=_open(session, parts, last) if _is_open(last) else None,
        restore_until=_restore_until(parts, last),
        dating=[
            DatingOut(method=method, **_told(told)) for method, told in programme.dating.items()
        ],
        danger=DangerOut(
            action=danger.action,
            signs=list(danger.signs),
            card_slug=danger.card_slug,
            **_told(danger.told),
        ),
        help=[HelpOut(call=one.call, **_told(one.told)) for one in programme.help],
        disclaimer=programme.disclaimer,
        version=programme.version,
    )


def _is_open(last: Pregnancy | None) -> bool:
    return last is not None and last.state is State.OPEN


def _state(state: State) -> Literal["open", "born", "ended"]:
    match state:
        case State.OPEN:
            return "open"
        case State.BORN:
            return "born"
        case State.ENDED:
            return "ended"


def _restore_until(parts: Deps, last: Pregnancy | None) -> datetime | None:
    if last is None or last.closed_at is None or not service.may_restore(last, parts.clock):
        return None
    return last.closed_at + service.RESTORE_WITHIN


def _open(session: Session, parts: Deps, found: Pregnancy | None) -> OpenPregnancyOut | None:
    if found is None:
        return None
    programme, today = parts.pregnancy, city_date(parts.clock.now())
    written = entries.diary(session, parts.vault, found)
    shown = board(programme, found.due_date, today, written.checkups)
    return OpenPregnancyOut(
        due_date=found.due_date,
        dated_by=found.dated_by,
        multiple=found.multiple,
        weeks=shown.age.weeks,
        days=shown.age.days,
        days_left=shown.days_left,
        phase=shown.phase,
        checkups=[_checkup(one) for one in shown.checkups],
        following=None if shown.following is None else shown.following.checkup.id,
        card=None if shown.card is None else CardOut.model_validate(shown.card),
        windows=[_window(one) for one in shown.windows if one not in _apart(programme)],
        count_movements=_from(programme.movements, shown.age.weeks),
        overdue=_from(programme.overdue, shown.age.weeks),
        weights=[WeightOut.model_validate(one) for one in written.weights],
        movements=[MovementsOut.model_validate(one) for one in written.movements],
    )


def _apart(programme: Programme) -> tuple[Window, Window]:
    """Shown in places of their own."""
    return programme.movements, programme.overdue


def _from(window: Window, week: int) -> WindowOut | None:
    return _window(window) if week >= window.first_week else None


def _checkup(one: CheckupOnDay) -> CheckupOut:
    return CheckupOut(
        id=one.checkup.id,
        title=one.checkup.title,
        from_date=one.from_date,
        aim_date=one.aim_date,
        until_date=one.until_date,
        first_week=one.checkup.first_week,
        last_week=one.checkup.last_week,
        status=one.status,
        done_on=one.done_on,
        free_items=list(one.checkup.free_items),
        extra_items=list(one.checkup.extra_items),
        advice=list(one.checkup.advice),
        source=one.checkup.source,
    )


def _window(one: Window) -> WindowOut:
    return WindowOut(
        title=one.title, weeks_text=one.weeks_text, optional=one.optional, **_told(one.told)
    )


def _told(told: Told) -> dict[str, Any]:
    return {"text": told.text, "checked": told.checked, "source": told.source}
