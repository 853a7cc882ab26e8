"""需要核对: what the person who accepts a statement should look at first."""

from flask import render_template
from flask.typing import ResponseReturnValue

from backend.bookings.sign_checks import findings
from backend.bookings.statement_evidence import bookings_in
from backend.bookings.statement_queries import statement_in_scope
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.statements import words
from backend.deps import deps
from backend.statistics.fraud_signs import signs
from backend.statistics.sign_rules import area_of


@bp.get("/statements/<int:statement_id>/signs")
@requires(Action.DECIDE_STATEMENTS)
def statement_signs(statement_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        row = statement_in_scope(session, viewer().scope, statement_id)
        found = signs(session, area_of(row))
        asked = {booking for sign in found for item in sign.items for booking in item.bookings}
        listed = bookings_in(session, statement_id, asked)
        said = findings(session, row.month)
    return render_template(
        "console/statement_signs.html", row=row, found=found, listed=listed, said=said, **words()
    )
