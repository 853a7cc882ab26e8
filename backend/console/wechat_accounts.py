"""设置 › 公众号: the accounts of the city and the towns, and what WeChat lets each of them do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.accounts import keeping
from backend.accounts.asking import keep_findings
from backend.accounts.comparing import Standing, compare_now, standings
from backend.accounts.followers import Counts, counts
from backend.accounts.models import (
    CAPABILITY_TITLES,
    KIND_TITLES,
    AccountKind,
    Capability,
    CapabilityAnswer,
    WeChatAccount,
)
from backend.accounts.queries import account, accounts_of, answers_of
from backend.accounts.rules import AccountUnknown, lawful, trouble
from backend.accounts.templates import live_rows
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.compared_words import compared_words
from backend.console.permissions import Action
from backend.console.settings import form_page, save
from backend.console.towns import own_towns
from backend.console.wechat_account_form import HINTS, KEPT_HINTS, AccountForm
from backend.deps import deps
from backend.kernel.errors import Conflict, Unavailable
from backend.kernel.privacy import Unreadable
from backend.wechat.capabilities import ask
from backend.wechat.client import AccountClient

TAB = "wechat_accounts"
KEYS_GONE = "密钥不留在页面上，请再填一次"
UNREADABLE = "密钥读不出来（服务器的加密密钥换过），请重新填写 AppSecret、令牌和加解密密钥"
MEANINGS = {48001: "没有这项权限", 48004: "这项权限被微信封禁", 45103: "这类账号没有这项权限"}


class KeysUnreadable(Conflict):
    code = "account_keys_unreadable"
    message = "密钥读不出来，请重新填写 AppSecret、令牌和加解密密钥"


@dataclass(frozen=True)
class Line:
    """One capability of an account as the table shows it."""

    title: str
    able: bool
    asked_at: datetime | None
    answer: str
    lost_at: datetime | None


@dataclass(frozen=True)
class Card:
    """An account as the page shows it. `trouble`: what is wrong with its keys, and what to do."""

    row: WeChatAccount
    kind: str
    owner: str
    counts: Counts
    compared: Sequence[str]
    trouble: str | None
    lines: Sequence[Line]
    by_settings: bool
    may_retire: bool
    templates: int
    in_trouble: int


@bp.get("/settings/wechat-accounts")
@requires(Action.SEE_ACCOUNTS)
def wechat_accounts() -> ResponseReturnValue:
    deps().ensure_accounts()
    with deps().reads() as session:
        rows = accounts_of(session, viewer().scope.town_code, retired=True)
        known = counts(session, [row.appid for row in rows])
        compared = standings(session, [row.appid for row in rows])
        cards = [_card(session, row, known[row.appid], compared[row.appid]) for row in rows]
    return render_template("console/wechat_accounts.html", cards=cards)


@bp.get("/settings/wechat-accounts/new")
@requires(Action.EDIT_ACCOUNTS)
def new_wechat_account() -> ResponseReturnValue:
    return _new_page(_offered(AccountForm()))


@bp.post("/settings/wechat-accounts")
@requires(Action.EDIT_ACCOUNTS)
def add_wechat_account() -> ResponseReturnValue:
    """The owner is one of the viewer's: the form has no other."""
    form = _offered(AccountForm())
    parts = deps()

    def add(session: Session) -> None:
        new = form.whole()
        known = account(session, new.appid)
        if known is not None and known.retired_at is not None and not _holds(known):
            raise AccountUnknown("这个 AppID 曾由别的单位登记，请联系市级管理员")
        keeping.add_account(session, parts.clock, parts.vault, new, actor=viewer().actor)

    problem = save(form, add)
    if problem is not None:
        return _new_page(form, problem), 422
    return _asked(form.appid.data.strip(), "已登记")


@bp.get("/settings/wechat-accounts/<appid>")
@requires(Action.EDIT_ACCOUNTS)
def edit_wechat_account(appid: str) -> ResponseReturnValue:
    with deps().reads() as session:
        row = live_in_scope(session, appid)
    form = _offered(AccountForm())
    form.show(row)
    return _known_page(form, row)


@bp.post("/settings/wechat-accounts/<appid>")
@requires(Action.EDIT_ACCOUNTS)
def change_wechat_account(appid: str) -> ResponseReturnValue:
    parts = deps()
    with parts.reads() as session:
        row = live_in_scope(session, appid)
    form = _offered(AccountForm()).of_known(row, keys_from_settings=_by_settings(row))

    def change(session: Session) -> None:
        found = live_in_scope(session, appid, lock=True)
        mini = found.kind is AccountKind.MINI
        entry = replace(_entry_of(found), name=form.name.data.strip()) if mini else form.entry()
        keeping.change_account(session, parts.clock, found, entry, actor=viewer().actor)
        keeping.change_keys(
            session, parts.clock, parts.vault, found, form.keys(), actor=viewer().actor
        )

    problem = save(form, change)
    if problem is not None:
        return _known_page(form, row, problem), 422
    return _asked(appid, "已保存")


@bp.post("/settings/wechat-accounts/<appid>/ask")
@requires(Action.EDIT_ACCOUNTS)
def ask_wechat_account(appid: str) -> ResponseReturnValue:
    with deps().reads() as session:
        live_in_scope(session, appid)
    return _asked(appid, "已重新询问")


@bp.post("/settings/wechat-accounts/<appid>/compare")
@requires(Action.EDIT_ACCOUNTS)
def compare_followers(appid: str) -> ResponseReturnValue:
    """The worker does it; the page says how far it is."""
    with deps().sessions.begin() as session:
        row = live_in_scope(session, appid)
        if not row.can_users:
            raise AccountUnknown("微信没有给这个账号用户信息的权限，不能核对关注的人")
        begun = compare_now(session, deps().clock, appid, actor=viewer().actor)
    notices.done(
        "开始和微信核对关注的人，刷新这一页看进度" if begun else "正在核对，刷新这一页看进度"
    )
    return redirect(url_for("console.wechat_accounts"), 303)


@bp.post("/settings/wechat-accounts/<appid>/retire")
@requires(Action.EDIT_ACCOUNTS)
def retire_wechat_account(appid: str) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        row = live_in_scope(session, appid, lock=True)
        if row.kind is AccountKind.MINI:
            raise AccountUnknown("小程序由服务器的环境变量设置，不能在这里停用")
        keeping.retire(session, deps().clock, row, actor=viewer().actor)
    undo = url_for("console.restore_wechat_account", appid=appid)
    notices.done("已停用，不再收发；密钥一天后删除", undo=undo)
    return redirect(url_for("console.wechat_accounts"), 303)


@bp.post("/settings/wechat-accounts/<appid>/restore")
@requires(Action.EDIT_ACCOUNTS)
def restore_wechat_account(appid: str) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        row = _in_scope(session, appid, lock=True)
        keeping.restore(session, deps().clock, row, actor=viewer().actor)
    return _asked(appid, "已恢复")


def _asked(appid: str, done: str) -> ResponseReturnValue:
    """Ask WeChat with no transaction open, and say on the list what came of it."""
    parts = deps()
    row = parts.live_account(appid)
    try:
        findings = ask(parts.account_client(appid), row.kind)
    except Unreadable:
        notices.refused(f"{done}，但{UNREADABLE}")
        return redirect(url_for("console.wechat_accounts"), 303)
    if findings is None:
        notices.refused(f"{done}。{Unavailable.message}")
    else:
        with parts.sessions.begin() as session:
            keep_findings(session, parts.clock, appid, findings, version=row.secret_version)
        problem = trouble(findings.keys, findings.ip)
        if problem is None:
            notices.done(f"{done}，微信的回答见下表")
        else:
            notices.refused(f"{done}，但{problem}")
    return redirect(url_for("console.wechat_accounts", asked=appid), 303)


def _card(session: Session, row: WeChatAccount, known: Counts, standing: Standing) -> Card:
    answers = {one.capability: one for one in answers_of(session, row.appid)}
    mini = row.kind is AccountKind.MINI
    shown = () if mini else tuple(Capability)
    used = live_rows(session, row.appid)
    return Card(
        row=row,
        kind=KIND_TITLES[row.kind],
        owner="市级" if row.town_code is None else deps().places.name_of(row.town_code),
        counts=known,
        compared=compared_words(standing, deps().clock.now()),
        trouble=trouble(row.asked_errcode, row.asked_ip),
        lines=[_line(row, one, answers.get(one)) for one in shown],
        by_settings=_by_settings(row),
        may_retire=not mini and row.retired_at is None,
        templates=len(used),
        in_trouble=sum(one.trouble is not None for one in used.values()),
    )


def _line(row: WeChatAccount, capability: Capability, answer: CapabilityAnswer | None) -> Line:
    return Line(
        title=CAPABILITY_TITLES[capability],
        able=row.can(capability),
        asked_at=None if answer is None else answer.asked_at,
        answer=_said(row, capability, answer),
        lost_at=None if answer is None else answer.lost_at,
    )


def _said(row: WeChatAccount, capability: Capability, answer: CapabilityAnswer | None) -> str:
    if not lawful(row.kind, capability, certified=row.certified):
        return "只有认证的服务号能用"
    if answer is None:
        return "还没有问过"
    if answer.errcode in MEANINGS:
        return f"{MEANINGS[answer.errcode]}（{answer.errcode}）"
    return "可以" if row.can(capability) else f"微信没有明确回答（{answer.errcode}）"


def _by_settings(row: WeChatAccount) -> bool:
    return row.appid in deps().settings_accounts


def _holds(row: WeChatAccount) -> bool:
    return viewer().scope.town_code in (None, row.town_code)


def _in_scope(session: Session, appid: str, *, lock: bool = False) -> WeChatAccount:
    """Raises AccountUnknown, also for an account of others."""
    row = session.get(WeChatAccount, appid, with_for_update=lock or None)
    if row is None or not _holds(row):
        raise AccountUnknown
    return row


def live_in_scope(session: Session, appid: str, *, lock: bool = False) -> WeChatAccount:
    row = _in_scope(session, appid, lock=lock)
    if row.retired_at is not None:
        raise AccountUnknown
    return row


def client_of(appid: str) -> AccountClient:
    """What speaks for an account. Raises AccountUnknown, or KeysUnreadable with what to do."""
    try:
        return deps().account_client(appid)
    except Unreadable:
        raise KeysUnreadable from None


def _entry_of(row: WeChatAccount) -> keeping.AccountEntry:
    return keeping.AccountEntry(row.kind, row.town_code, row.name, row.certified)


def _offered(form: AccountForm) -> AccountForm:
    form.offer(own_towns(), whole_city=viewer().scope.town_code is None)
    return form


def _new_page(form: AccountForm, problem: str | None = None) -> str:
    said = _with_keys_gone(form, problem)
    return form_page(
        form, title="新增公众号", tab=TAB, problem=said, hints=HINTS, submit="登记并询问微信"
    )


def _known_page(form: AccountForm, row: WeChatAccount, problem: str | None = None) -> str:
    if "appid" in form:
        form.of_known(row, keys_from_settings=_by_settings(row))
    title, said = f"修改{row.name}", _with_keys_gone(form, problem)
    return form_page(form, title=title, tab=TAB, problem=said, hints=KEPT_HINTS)


def _with_keys_gone(form: AccountForm, problem: str | None) -> str | None:
    return f"{problem}。{KEYS_GONE}" if problem and form.has_typed_keys() else problem
