"""设置 › 公众号 › 模板: which template of an account says each of our messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.accounts import templates as registry
from backend.accounts import testing
from backend.accounts.models import AccountKind, TemplateTrouble, WeChatAccount, WeChatTemplate
from backend.accounts.next_channel import RIGHT_FOR
from backend.accounts.proposing import best_of, proposed
from backend.accounts.templates import form_of, live_rows
from backend.console import notices, words
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.longest_facts import longest_facts
from backend.console.permissions import Action
from backend.console.wechat_accounts import client_of, live_in_scope
from backend.deps import deps, messenger_of, send_limits
from backend.kernel.errors import DomainError, NotFound, Unavailable
from backend.outbox.forms import Form, FormField
from backend.outbox.ledger import Key
from backend.outbox.messenger import OutcomeUnknown, SendFailure
from backend.outbox.proving import LONG, SHORT, FormRefused, check_form, offered_texts, preview
from backend.outbox.templates import Template
from backend.wechat.chosen import NO_ANSWER, Shown, chosen
from backend.wechat.official_answers import ChosenTemplate

TROUBLES = {
    TemplateTrouble.GONE: "微信上已经没有这个模板，已暂停发送，请另选一个",
    TemplateTrouble.CHANGED: "微信上的字段变了，已暂停发送，请重新填写",
}
KINDS = {"once": "订阅消息（一次性）", "long": "订阅消息（长期）", "message": "模板消息"}
SERVICE_KINDS = KINDS | {"once": "订阅通知（一次性）", "long": "订阅通知（长期）"}
CONSENTS = {
    "once": "订阅通知：家长在公众号里同意一次，才能收到一条；没有同意的只在小程序里看到",
    "long": "订阅通知：家长在公众号里同意过，以后都能收到；没有同意的只在小程序里看到",
}
NO_RIGHT = "微信现在没有给这个账号这种消息的权限，只在小程序里提醒"
WORDINGS = {
    "cost": "提醒效果乙",
    "eve": "前一天",
    "open": "还没有记录",
    "card": "读指南",
    "several": "一个孩子几件事",
    "children": "几个孩子",
    "after_due": "预产期到了",
}
MEANINGS = {
    "title": "活动名称",
    "centre": "中心",
    "child": "宝宝姓名，打码",
    "starts_at": "活动开始",
    "before": "原定时间",
    "until": "截止时间",
    "room": "场地",
    "reason": "原因",
    "item_title": "提醒的事项",
    "titles": "几件事的名称",
    "number": "几件事",
    "due_date": "日期",
    "aim_date": "产检日期",
    "week": "孕周",
    "card": "卡片标题",
    "headline": "群发标题",
    "sentence": "群发内容",
}
FORMS = {"time": "年月日和时间", "date": "年月日", "short": "月日"}
CHOOSE_FIRST = "请先在公众平台选用一个合适的模板，再回到这里"


@dataclass(frozen=True)
class Line:
    """One of our messages as the list shows it."""

    name: str
    title: str
    row: WeChatTemplate | None
    kind: str
    trouble: str | None


@bp.get("/settings/wechat-accounts/<appid>/templates")
@requires(Action.EDIT_ACCOUNTS)
def message_templates(appid: str) -> ResponseReturnValue:
    deps().ensure_accounts()
    with deps().reads() as session:
        row = _teller(session, appid)
        used = live_rows(session, appid)
    lines = [_line(row, name, template, used.get(name)) for name, template in _sendable().items()]
    return render_template("console/message_templates.html", row=row, lines=lines)


@bp.post("/settings/wechat-accounts/<appid>/templates/check")
@requires(Action.EDIT_ACCOUNTS)
def check_message_templates(appid: str) -> ResponseReturnValue:
    there = _asked(appid)
    if there is not None:
        with deps().sessions.begin() as session:
            troubled = registry.keep_check(
                session, deps().clock, appid, there.templates, there.kinds
            )
        if troubled:
            notices.refused(f"{troubled} 个模板和微信上的不一样，已暂停发送，请看下表")
        else:
            notices.done("和微信上的一样")
    return redirect(url_for("console.message_templates", appid=appid), 303)


@bp.get("/settings/wechat-accounts/<appid>/templates/<name>")
@requires(Action.EDIT_ACCOUNTS)
def message_template(appid: str, name: str) -> ResponseReturnValue:
    template = _template(name)
    there = _asked(appid)
    with deps().reads() as session:
        row = live_rows(session, appid).get(name)
    before = None if row is None else form_of(row)
    wanted = request.args.get("template") or (before.template_id if before else "")
    shown = there.templates if there else []
    one = _found(shown, wanted)
    if one is None and there is not None:
        one = best_of(template, shown)
    form = before if there is None else None if one is None else proposed(template, one, before)
    return _page(appid, name, form, shown)


@bp.post("/settings/wechat-accounts/<appid>/templates/<name>")
@requires(Action.EDIT_ACCOUNTS)
def save_message_template(appid: str, name: str) -> ResponseReturnValue:
    """WeChat is asked again what fields there are: a page may have lain open for a day."""
    template, parts = _template(name), deps()
    there = _asked(appid)
    if there is None:
        return _unanswered(appid, name, template)
    shown = there.templates
    one = _found(shown, request.form.get("template", ""))
    if one is None:
        notices.refused("微信上已经没有这个模板，请另选一个")
        return redirect(url_for("console.message_template", appid=appid, name=name), 303)
    form = _typed(template, _blank(one))
    if "preview" in request.form:
        return _page(appid, name, form, shown)
    try:
        with parts.sessions.begin() as session:
            _teller(session, appid, lock=True)
            registry.save(
                session,
                parts.clock,
                parts.templates,
                appid=appid,
                name=name,
                form=form,
                longest=longest_facts(session),
                actor=viewer().actor,
            )
    except DomainError as error:
        return _page(appid, name, form, shown, problem=error), 422
    parts.registry.look_again()
    notices.done("已保存，从现在起按这样发")
    return redirect(url_for("console.message_template", appid=appid, name=name), 303)


def _unanswered(appid: str, name: str, template: Template) -> ResponseReturnValue:
    """What was typed stays, where we know its fields ourselves."""
    with deps().reads() as session:
        row = live_rows(session, appid).get(name)
    if row is None or row.template_id != request.form.get("template"):
        return redirect(url_for("console.message_template", appid=appid, name=name), 303)
    return _page(appid, name, _typed(template, form_of(row)), []), 503


@bp.post("/settings/wechat-accounts/<appid>/templates/<name>/retire")
@requires(Action.EDIT_ACCOUNTS)
def retire_message_template(appid: str, name: str) -> ResponseReturnValue:
    parts = deps()
    with parts.sessions.begin() as session:
        _teller(session, appid, lock=True)
        row_id = registry.retire(session, parts.clock, appid=appid, name=name, actor=viewer().actor)
    parts.registry.look_again()
    undo = url_for("console.restore_message_template", appid=appid, row_id=row_id)
    notices.done("已停用，这条消息不再从这个账号发出", undo=undo)
    return redirect(url_for("console.message_templates", appid=appid), 303)


@bp.post("/settings/wechat-accounts/<appid>/templates/<int:row_id>/restore")
@requires(Action.EDIT_ACCOUNTS)
def restore_message_template(appid: str, row_id: int) -> ResponseReturnValue:
    parts = deps()
    with parts.sessions.begin() as session:
        _teller(session, appid, lock=True)
        registry.restore(
            session, parts.clock, parts.templates, appid=appid, row_id=row_id, actor=viewer().actor
        )
    parts.registry.look_again()
    notices.done("已恢复")
    return redirect(url_for("console.message_templates", appid=appid), 303)


@bp.post("/settings/wechat-accounts/<appid>/templates/<name>/test")
@requires(Action.EDIT_ACCOUNTS)
def test_message_template(appid: str, name: str) -> ResponseReturnValue:
    """To the office's own phone, at once, and say what WeChat answered."""
    parts, phone = deps(), deps().settings.campaign_test_phone
    template = _template(name)
    number = None if phone is None else phone.get_secret_value()
    try:
        with parts.sessions.begin() as session:
            _teller(session, appid)
            row = live_rows(session, appid).get(name)
            if row is None:
                raise NotFound
            form = form_of(row)
            client_of(appid)
            openid = testing.receiver(session, parts.vault, appid=appid, phone=number)
            limits = send_limits(parts.settings, appid)
            testing.begin(session, parts.clock, appid=appid, name=name, limits=limits)
            real = longest_facts(session)
    except DomainError as error:
        notices.refused(sentence(error))
    else:
        said = LONG.of(template, real)
        data, _ = parts.templates.render_wechat(name, said, LONG.child, form=form)
        _send(Key(appid, openid, form.template_id), form, name, data)
    return redirect(url_for("console.message_template", appid=appid, name=name), 303)


def _send(key: Key, form: Form, name: str, data: Mapping[str, str]) -> None:
    """With no transaction open; what came of it is kept and told."""
    parts, failure = deps(), None
    try:
        messenger_of(parts, key.appid, RIGHT_FOR[form.kind]).send(
            key.openid, key.template_id, data, None, None
        )
    except SendFailure as error:
        failure = error
    with parts.sessions.begin() as session:
        testing.finish(
            session,
            parts.clock,
            key=key,
            kind=form.kind,
            name=name,
            errcode=None if failure is None else failure.errcode,
            sent=failure is None,
            actor=viewer().actor,
        )
    if failure is None:
        notices.done("微信已接收，请看试发的手机")
    else:
        unknown = isinstance(failure, OutcomeUnknown)
        code = "" if failure.errcode is None else f"（错误码 {failure.errcode}）"
        notices.refused(f"没有发出：{words.failure(failure.errcode, unknown=unknown)}{code}")


def _asked(appid: str) -> Shown | None:
    """What the account has chosen at WeChat; None, with a notice, if it did not say."""
    with deps().reads() as session:
        kind = _teller(session, appid).kind
    try:
        return chosen(client_of(appid), kind)
    except NO_ANSWER as error:
        code = getattr(error, "errcode", None)
        notices.refused(
            "这个账号没有消息模板的权限（48001），请先完成微信认证并开通"
            if code == 48001
            else f"{Unavailable.message}{'' if code is None else f'（错误码 {code}）'}"
        )
        return None


def _page(
    appid: str,
    name: str,
    form: Form | None,
    there: Sequence[ChosenTemplate],
    *,
    problem: DomainError | None = None,
) -> str:
    parts, template = deps(), _template(name)
    with parts.reads() as session:
        account = _teller(session, appid)
        real = longest_facts(session)
        row = live_rows(session, appid).get(name)
    samples: list[list[tuple[str, str]]] = []
    if form is not None and problem is None:
        try:
            check_form(parts.templates, name, form, real)
            short = preview(parts.templates, name, form, SHORT, {})
            samples = [short, preview(parts.templates, name, form, LONG, real)]
        except FormRefused as error:
            problem = error
    used = row is not None and form is not None and form_of(row) == form
    return render_template(
        "console/message_template.html",
        row=account,
        name=name,
        template=template,
        form=form,
        there=there,
        kinds=_kinds_of(account),
        consent=_consent(account, form),
        wordings={one: WORDINGS.get(one, one) for one in template.variants},
        offered=[(text, _meaning(text)) for text in offered_texts(template)],
        samples=samples,
        problem=problem and sentence(problem),
        wrong=getattr(problem, "field", ""),
        used=used,
        typed=request.method == "POST",
        trouble=row and row.trouble and TROUBLES[row.trouble],
        choose_first=CHOOSE_FIRST,
    )


def _consent(account: WeChatAccount, form: Form | None) -> str | None:
    """What a 订阅通知 of a 服务号 takes; the mini-program asks for consent by itself."""
    if form is None or account.kind is not AccountKind.SERVICE:
        return None
    return CONSENTS.get(form.kind)


def _meaning(text: str) -> str:
    """What `{starts_at:time}` stands for, in Chinese."""
    name, _, spec = text.strip("{}").partition(":")
    said = MEANINGS.get(name, "")
    return f"{said}，{FORMS[spec]}" if spec else said


def _blank(one: ChosenTemplate) -> Form:
    """The fields that WeChat has now."""
    fields = [
        FormField(field, label, "", values=tuple(one.values.get(field, ())))
        for field, label in one.fields.items()
    ]
    return Form(one.id, one.title, one.kind, tuple(fields))


def _typed(template: Template, blank: Form) -> Form:
    """What was typed for these fields; an empty wording is the usual one."""

    def said(key: str) -> str:
        return request.form.get(f"text-{key}", "").strip(" ")

    def filled(one: FormField) -> FormField:
        texts = {wording: said(f"{one.name}-{wording}") for wording in template.variants}
        kept = {wording: text for wording, text in texts.items() if text}
        return replace(one, text=said(one.name), variants=kept)

    return replace(blank, fields=tuple(filled(one) for one in blank.fields))


def _found(there: Sequence[ChosenTemplate], template_id: str) -> ChosenTemplate | None:
    return next((one for one in there if one.id == template_id), None)


def _line(
    account: WeChatAccount, name: str, template: Template, row: WeChatTemplate | None
) -> Line:
    if row is None:
        return Line(name, template.title, None, "", None)
    trouble = TROUBLES[row.trouble] if row.trouble else None
    if account.kind is AccountKind.SERVICE and not account.can(RIGHT_FOR[row.kind.value]):
        trouble = trouble or NO_RIGHT
    return Line(name, template.title, row, _kinds_of(account)[row.kind.value], trouble)


def _kinds_of(account: WeChatAccount) -> Mapping[str, str]:
    return SERVICE_KINDS if account.kind is AccountKind.SERVICE else KINDS


def _sendable() -> dict[str, Template]:
    """Our messages that may go to WeChat at all, in the order of templates.yaml."""
    templates = deps().templates
    return {name: templates[name] for name in templates if templates[name].wechat is not None}


def _template(name: str) -> Template:
    """Raises NotFound."""
    found = _sendable().get(name)
    if found is None:
        raise NotFound
    return found


def _teller(session: Session, appid: str, *, lock: bool = False) -> WeChatAccount:
    """A live account of the viewer's that can tell a person something. Raises NotFound."""
    row = live_in_scope(session, appid, lock=lock)
    if row.kind is AccountKind.SUBSCRIPTION:
        raise NotFound("订阅号不能给一个人发消息，没有模板")
    return row
