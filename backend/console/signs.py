"""需要核对: signs of a month over every institution in the scope, and what a person found.

They change no amount. Who looks into one says what came of it; the next one sees that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.bookings.sign_checks import VERDICT_TITLES, SignName, check_sign, findings
from backend.bookings.sign_evidence import SignBooking, institutions_in, sign_bookings
from backend.bookings.sign_models import SignKind, SignVerdict
from backend.bookings.statement_queries import days_of
from backend.centres.models import Centre
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id
from backend.console.desk import note_listed
from backend.console.downloads import download
from backend.console.months import MONTHS_OFFERED, month_asked, read_month
from backend.console.permissions import Action
from backend.console.statement_lines import FORGOTTEN
from backend.console.statements import towns_offered
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import mask_name
from backend.people.children import NAME
from backend.people.scopes import Scope
from backend.statistics.fraud_signs import signs
from backend.statistics.sign_rules import MOST_ITEMS, SIGN_TITLES, Area, Sign
from backend.statistics.sign_sheets import Seen, sign_workbook

MOST_EXPORTED = 2000  # of one kind
OPEN = SignVerdict.REOPENED  # nobody has looked, or the word was taken back


@dataclass(frozen=True)
class Asked:
    """What the address asks for; None: all."""

    month: date
    town_code: str | None
    institution_id: int | None
    kind: SignKind | None
    verdict: SignVerdict | None

    @property
    def kinds(self) -> tuple[SignKind, ...]:
        return tuple(SignKind) if self.kind is None else (self.kind,)

    def area(self, scope: Scope, most: int = MOST_ITEMS) -> Area:
        return Area(days_of(self.month), self._centres(scope), most)

    def _centres(self, scope: Scope) -> Select[int]:
        query = select(Centre.id)
        if scope.centre_ids is not None:
            query = query.where(Centre.id.in_(scope.centre_ids))
        if self.town_code is not None:
            query = query.where(Centre.town_code == self.town_code)
        if self.institution_id is not None:
            query = query.where(Centre.institution_id == self.institution_id)
        return query


@bp.get("/statements/signs")
@requires(Action.DECIDE_STATEMENTS)
def all_signs() -> ResponseReturnValue:
    which, this_month = _asked(), _this_month()
    with deps().sessions.begin() as session:
        found = signs(session, which.area(viewer().scope), which.kinds)
        seen = _looked_at(session, which, found)
        _note_seen(session, seen)
        institutions = institutions_in(session, viewer().scope)
    return render_template(
        "console/signs.html",
        which=which,
        found=[(sign, [one for one in seen if one.sign is sign]) for sign in found],
        masked=_masked,
        months=_months(this_month),
        towns=towns_offered(),
        institutions=institutions,
        kinds=SIGN_TITLES,
        verdicts=VERDICT_TITLES,
        chosen=request.args.to_dict(),
    )


@bp.get("/statements/signs.xlsx")
@requires(Action.DECIDE_STATEMENTS)
def all_signs_sheet() -> ResponseReturnValue:
    """What the page shows with these filters, without its limit."""
    which = _asked()
    with deps().sessions.begin() as session:
        found = signs(session, which.area(viewer().scope, MOST_EXPORTED), which.kinds)
        seen = _looked_at(session, which, found)
        audit.record(
            session,
            deps().clock,
            actor=viewer().actor,
            action="signs.exported",
            subject=f"month:{which.month:%Y-%m}",
            detail={"signs": len(seen), "children": sorted(_children(seen))},
        )
        content = sign_workbook(seen, _masked)
    name = f"需要核对的情况-{which.month:%Y-%m}.xlsx"
    return download(content, name)


@bp.post("/statements/signs/check")
@requires(Action.DECIDE_STATEMENTS)
def check_one_sign() -> ResponseReturnValue:
    """One word about one sign, which must be there in the viewer's scope."""
    sign, verdict, seen = _sent()
    with deps().sessions.begin() as session:
        whole = Asked(sign.month, None, None, sign.kind, None)
        found = signs(session, whole.area(viewer().scope, MOST_EXPORTED), whole.kinds)
        if all(item.subject != sign.subject for one in found for item in one.items):
            raise NotFound("这一条已经不在了，到场记录可能有变化")
        check_sign(
            session,
            deps().clock,
            sign=sign,
            verdict=verdict,
            note=request.form.get("note", ""),
            seen=seen,
            actor=viewer().actor,
        )
    notices.done(f"已记为{VERDICT_TITLES[verdict]}")
    return redirect(back(), 303)


def _asked() -> Asked:
    kind, verdict = request.args.get("kind", ""), request.args.get("checked", "")
    return Asked(
        month_asked(add_months(_this_month(), -1), _this_month()),
        request.args.get("town") or None,
        request.args.get("institution", type=row_id),
        SignKind(kind) if kind in set(SignKind) else None,
        SignVerdict(verdict) if verdict in set(SignVerdict) else None,
    )


def _months(this_month: date) -> list[tuple[str, str]]:
    """To choose from: what stands in the address, and its words."""
    months = [add_months(this_month, -past) for past in range(MONTHS_OFFERED)]
    return [(f"{month:%Y-%m}", f"{month.year}年{month.month}月") for month in months]


def _this_month() -> date:
    return city_date(deps().clock.now()).replace(day=1)


def _sent() -> tuple[SignName, SignVerdict, int]:
    """What the form of one sign says. Raises Invalid."""
    form = request.form
    try:
        month = read_month(form.get("month", ""), _this_month())
        sign = SignName(month, SignKind(form.get("kind", "")), form.get("subject", ""))
        return sign, SignVerdict(form.get("verdict", "")), int(form.get("seen", ""))
    except ValueError as error:
        raise Invalid("请刷新后再试") from error


def _looked_at(session: Session, which: Asked, found: list[Sign]) -> list[Seen]:
    """Every sign with what was said of it and its sessions, as far as the filter wants it."""
    said = findings(session, which.month)
    asked = {booking for sign in found for item in sign.items for booking in item.bookings}
    held = sign_bookings(session, viewer().scope, asked)
    looked_at = []
    for sign in found:
        for item in sign.items:
            newest = next(iter(said.get((sign.kind, item.subject), [])), None)
            if which.verdict in {None, OPEN if newest is None else newest.verdict}:
                bookings = [held[one] for one in item.bookings if one in held]
                looked_at.append(Seen(sign, item, newest, bookings))
    return looked_at


def _masked(held: SignBooking) -> str:
    if not held.child_name_sealed:
        return FORGOTTEN
    return mask_name(deps().vault.open(held.child_name_sealed, NAME))


def _children(seen: Iterable[Seen]) -> set[int]:
    return {held.child_id for one in seen for held in one.bookings}


def _note_seen(session: Session, seen: Iterable[Seen]) -> None:
    note_listed(session, "signs", _children(seen))
