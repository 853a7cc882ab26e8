"""Which template of an account says each of our messages: saved, retired, checked at WeChat.

A form is proved before it is saved (`outbox.proving`). What WeChat no longer has as it was
written down is paused until somebody saves another, or WeChat has it again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.accounts.models import TemplateKind, TemplateTrouble, WeChatTemplate
from backend.accounts.rules import AccountUnknown
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict
from backend.outbox import pauses
from backend.outbox.forms import Form, FormKind, fields_as_json, fields_from_json
from backend.outbox.models import PauseReason, SendingPause
from backend.outbox.proving import check_form
from backend.outbox.templates import Templates

BY_SETTINGS = "settings"
LIVE = WeChatTemplate.retired_at.is_(None)

log = structlog.get_logger()


class TemplateChanged(Conflict):
    code = "template_changed"
    message = "这条消息的模板刚刚有变化，请刷新页面再看"


class Chosen(Protocol):
    """A template that an account has chosen at WeChat, as `wechat` tells it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> FormKind: ...
    @property
    def fields(self) -> Mapping[str, str]: ...
    @property
    def values(self) -> Mapping[str, tuple[str, ...]]: ...


def form_of(row: WeChatTemplate) -> Form:
    return Form(row.template_id, row.title, row.kind.value, fields_from_json(row.fields))


def live_rows(session: Session, appid: str) -> dict[str, WeChatTemplate]:
    """The live row of each of our names."""
    found = session.scalars(
        select(WeChatTemplate)
        .where(WeChatTemplate.appid == appid, LIVE)
        .order_by(WeChatTemplate.id)
    )
    return {row.name: row for row in found}


def forms_of(session: Session, appid: str) -> dict[str, Form]:
    """What each of our messages is sent as by this account, by our names."""
    return {name: form_of(row) for name, row in live_rows(session, appid).items()}


def ids_of(session: Session, appid: str) -> dict[str, str]:
    """Our template name → the account's template at WeChat."""
    rows = session.execute(
        select(WeChatTemplate.name, WeChatTemplate.template_id).where(
            WeChatTemplate.appid == appid, LIVE
        )
    )
    return {row.name: row.template_id for row in rows}


def names_of(session: Session, appid: str) -> dict[str, str]:
    """WeChat's template id → our name, also of templates that are retired: receipts come late."""
    rows = session.execute(
        select(WeChatTemplate.template_id, WeChatTemplate.name)
        .where(WeChatTemplate.appid == appid)
        .order_by(WeChatTemplate.retired_at.nulls_last(), WeChatTemplate.id)
    )
    return {row.template_id: row.name for row in rows}


def known_names(session: Session, appid: str) -> frozenset[str]:
    """Our names that this account has, or had, a row for."""
    return frozenset(
        session.scalars(select(WeChatTemplate.name).where(WeChatTemplate.appid == appid).distinct())
    )


def bootstrap(session: Session, clock: Clock, appid: str, wanted: Mapping[str, Form]) -> int:
    """Make what the settings say rows like all others; how many were written.

    Again and again the same. What a person has saved or retired is theirs and stays.
    """
    last = (
        select(WeChatTemplate.name, func.max(WeChatTemplate.id).label("id"))
        .where(WeChatTemplate.appid == appid)
        .group_by(WeChatTemplate.name)
        .subquery()
    )
    rows = session.scalars(select(WeChatTemplate).join(last, last.c.id == WeChatTemplate.id))
    known = {row.name: row for row in rows}
    written = 0
    for name, form in sorted(wanted.items()):
        row = known.get(name)
        if row is not None and (row.saved_by != BY_SETTINGS or form_of(row) == form):
            continue
        if row is not None:
            _retire(session, clock, row)
        written += _insert(session, clock, appid, name, form, BY_SETTINGS)
    return written


def save(  # noqa: PLR0913  # a form of an account, and what it is proved with
    session: Session,
    clock: Clock,
    templates: Templates,
    *,
    appid: str,
    name: str,
    form: Form,
    longest: Mapping[str, str],
    actor: str,
) -> None:
    """Send this message as this form from now on. Raises FormRefused or TemplateChanged.

    A pause that the old form has brought about ends with it.
    """
    check_form(templates, name, form, longest)
    row = _live_row(session, appid, name)
    if row is not None:
        if form_of(row) == form and row.trouble is None:
            return
        _retire(session, clock, row)
    if not _insert(session, clock, appid, name, form, actor):
        raise TemplateChanged
    _resume(session, clock, (appid, name), by=actor)


def retire(session: Session, clock: Clock, *, appid: str, name: str, actor: str) -> int:
    """Tell this message in the app alone; the id by which this can be taken back.

    Raises TemplateChanged when it is so already.
    """
    row = _live_row(session, appid, name)
    if row is None:
        raise TemplateChanged
    _retire(session, clock, row)
    row.saved_by = actor  # the settings do not bring it back
    _record(session, clock, actor, "template.retired", row)
    return row.id


def restore(
    session: Session, clock: Clock, templates: Templates, *, appid: str, row_id: int, actor: str
) -> None:
    """Take a retirement back. Raises TemplateChanged when another has taken its place."""
    row = session.get(WeChatTemplate, row_id)
    if row is None or row.appid != appid:
        raise AccountUnknown
    if _live_row(session, appid, row.name) is not None:
        raise TemplateChanged
    save(
        session,
        clock,
        templates,
        appid=appid,
        name=row.name,
        form=form_of(row),
        longest={},
        actor=actor,
    )


def trouble_of(form: Form, chosen: Sequence[Chosen]) -> TemplateTrouble | None:
    """What is wrong with a form by what WeChat has now. Another title or order harms nobody."""
    there = next((one for one in chosen if one.id == form.template_id), None)
    if there is None or there.kind != form.kind:
        return TemplateTrouble.GONE
    same_fields = set(there.fields) == {field.name for field in form.fields}
    allowed = all(
        set(field.texts()) <= set(values)
        for field in form.fields
        if (values := there.values.get(field.name))
    )
    return None if same_fields and allowed else TemplateTrouble.CHANGED


def keep_check(
    session: Session,
    clock: Clock,
    appid: str,
    chosen: Sequence[Chosen],
    kinds: Collection[FormKind],
) -> int:
    """Keep what WeChat has now for each live row of these kinds; how many are in trouble.

    New trouble pauses that template; when WeChat has it again as it was, the pause ends.
    """
    rows = session.scalars(
        select(WeChatTemplate)
        .where(WeChatTemplate.appid == appid, LIVE, WeChatTemplate.kind.in_(kinds))
        .order_by(WeChatTemplate.id)
        .with_for_update()
    ).all()
    for row in rows:
        before, row.trouble = row.trouble, trouble_of(form_of(row), chosen)
        row.checked_at = clock.now()
        lane = (appid, row.name)
        if row.trouble is not None and before is None:
            reason = PauseReason.CONFIG
            pauses.pause(session, clock, lane, reason=reason, by=pauses.WORKER)
            log.error("template_in_trouble", account=appid, template=row.name, why=row.trouble)
            _record(session, clock, "wechat", "template.trouble", row, trouble=row.trouble.value)
        elif row.trouble is None and before is not None:
            _resume(session, clock, lane, by=pauses.WORKER)
    return sum(row.trouble is not None for row in rows)


def _live_row(session: Session, appid: str, name: str) -> WeChatTemplate | None:
    return session.scalar(
        select(WeChatTemplate)
        .where(WeChatTemplate.appid == appid, WeChatTemplate.name == name, LIVE)
        .with_for_update()
    )


def _retire(session: Session, clock: Clock, row: WeChatTemplate) -> None:
    row.retired_at = max(clock.now(), row.saved_at)
    session.flush()


def _insert(session: Session, clock: Clock, appid: str, name: str, form: Form, actor: str) -> bool:
    """False if somebody was faster."""
    made = session.scalar(
        insert(WeChatTemplate)
        .values(
            appid=appid,
            name=name,
            template_id=form.template_id,
            kind=TemplateKind(form.kind),
            title=form.title,
            fields=fields_as_json(form.fields),
            saved_at=clock.now(),
            saved_by=actor,
        )
        .on_conflict_do_nothing()
        .returning(WeChatTemplate.id)
    )
    if made is None:
        return False
    _record(session, clock, actor, "template.saved", session.get_one(WeChatTemplate, made))
    return True


def _resume(session: Session, clock: Clock, lane: pauses.Lane, *, by: str) -> None:
    """End a pause that the template itself brought about; an operator's own stays."""
    found = session.scalar(
        select(SendingPause.id).where(
            SendingPause.appid == lane[0],
            SendingPause.template == lane[1],
            SendingPause.reason == PauseReason.CONFIG,
            SendingPause.paused_by == pauses.WORKER,
            SendingPause.ended_at.is_(None),
        )
    )
    if found is not None:
        pauses.resume(session, clock, pause_id=found, by=by)


def _record(
    session: Session, clock: Clock, actor: str, action: str, row: WeChatTemplate, **more: object
) -> None:
    audit.record(
        session,
        clock,
        actor=actor,
        action=action,
        subject=f"account:{row.appid}",
        detail={"template": row.name, "template_id": row.template_id, **more},
    )
