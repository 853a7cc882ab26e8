"""公众号 › 菜单: written as a draft, shown as a phone shows it, published, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.accounts.models import Capability, WeChatAccount
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.publications import guide_choices, public_account
from backend.console.wechat_accounts import client_of
from backend.deps import deps
from backend.kernel.errors import Forbidden
from backend.outreach import menu
from backend.outreach.menu import MOST_BELOW, MOST_TOP, Entry, MenuWrong, read_entry
from backend.outreach.models import Menu
from backend.wechat.menus import put_menu

EMPTY = Entry()


@bp.get("/settings/wechat-accounts/<appid>/menu")
@requires(Action.SEE_ACCOUNTS)
def account_menu(appid: str) -> ResponseReturnValue:
    with deps().reads() as session:
        return _page(session, public_account(session, appid))


@bp.post("/settings/wechat-accounts/<appid>/menu")
@requires(Action.EDIT_ACCOUNTS)
def save_menu(appid: str) -> ResponseReturnValue:
    """Only what could be published is kept as a draft."""
    parts, typed = deps(), _typed()
    try:
        with parts.sessions.begin() as session:
            public_account(session, appid)
            entries = menu.checked(typed, parts.library)
            menu.save_draft(session, parts.clock, appid, entries, viewer().staff_id)
    except MenuWrong as error:
        with parts.reads() as session:
            account = public_account(session, appid)
            return _page(session, account, typed=typed, wrong=error.fields), 422
    notices.done("已保存为草稿，还没有发布")
    return _back(appid)


@bp.post("/settings/wechat-accounts/<appid>/menu/publish")
@requires(Action.EDIT_ACCOUNTS)
def publish_menu(appid: str) -> ResponseReturnValue:
    """The row says that it is on its way; then WeChat is called; then what came of it."""
    parts = deps()
    with parts.reads() as session:
        public_account(session, appid)
    client = client_of(appid)
    with parts.sessions.begin() as session:
        account = public_account(session, appid)
        if not account.can(Capability.MENU):
            raise Forbidden
        sending = menu.begin_sending(session, parts.clock, appid, viewer().staff_id)
        entries = [read_entry(one) for one in sending.buttons]
        buttons = menu.wechat_buttons(entries, parts.library, parts.doors)
    menu.check_held(parts.clock, sending)
    said = put_menu(client, buttons)
    with parts.sessions.begin() as session:
        if said != 0:
            notices.refused(menu.refused(session, sending, said))
        elif menu.taken(session, parts.clock, sending):
            notices.done("已发布，关注的人几分钟内能看到")
        else:
            notices.refused(menu.PERHAPS_ANOTHER)
    return _back(appid)


@bp.post("/settings/wechat-accounts/<appid>/menu/<int:menu_id>/restore")
@requires(Action.EDIT_ACCOUNTS)
def restore_menu(appid: str, menu_id: int) -> ResponseReturnValue:
    parts = deps()
    with parts.sessions.begin() as session:
        public_account(session, appid)
        menu.restore(session, parts.clock, appid, menu_id, viewer().staff_id)
    notices.done("已取回这一版作为草稿，发布后生效")
    return _back(appid)


def _typed() -> list[Entry]:
    def one(place: str, below: Sequence[Entry] = ()) -> Entry:
        texts = (request.form.get(f"{name}-{place}", "") for name in ("name", "kind", "word"))
        name, kind, word = (text.strip()[:200] for text in texts)
        return Entry(name, kind, word, tuple(below))

    return [
        one(str(top), [one(f"{top}-{under}") for under in range(MOST_BELOW)])
        for top in range(MOST_TOP)
    ]


def _page(
    session: Session,
    account: WeChatAccount,
    *,
    typed: Sequence[Entry] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> str:
    draft, now_live = menu.in_work(session, account.appid), menu.live(session, account.appid)
    shown = _entries(draft or now_live)
    said = [row.problem for row in (draft, now_live) if row is not None and row.problem]
    return render_template(
        "console/account_menu.html",
        account=account,
        may_publish=account.can(Capability.MENU),
        draft=draft,
        live=now_live,
        problems=list(dict.fromkeys(said)),
        past=[(row, _entries(row)) for row in menu.past(session, account.appid)],
        preview=shown,
        form=_padded(typed if typed is not None else shown),
        wrong=wrong or {},
        kinds=menu.KINDS,
        guides=guide_choices(),
        differs=draft is not None and (now_live is None or draft.buttons != now_live.buttons),
    )


def _entries(row: Menu | None) -> list[Entry]:
    return [] if row is None else [read_entry(one) for one in row.buttons]


def _padded(entries: Sequence[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """All places of the form, the empty ones too."""
    whole = [*entries, *[EMPTY] * MOST_TOP][:MOST_TOP]
    return [(top, [*top.below, *[EMPTY] * MOST_BELOW][:MOST_BELOW]) for top in whole]


def _back(appid: str) -> ResponseReturnValue:
    return redirect(url_for("console.account_menu", appid=appid), 303)
