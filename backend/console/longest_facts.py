"""The longest texts that messages would carry today, by the names of their facts.

Children's names are not read for it: they are sealed, and masked before they go out.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.centres.models import Centre, Slot
from backend.centres.place_models import Room
from backend.deps import deps


def longest_facts(session: Session) -> dict[str, str]:
    parts = deps()
    texts = {
        "title": _longest(session, Slot.title),
        "centre": _longest(session, Centre.name),
        "room": _longest(session, Room.name),
        "item_title": max((rule.title for rule in parts.handbook.rules), key=len, default=None),
        "card": max((card.title for card in parts.pregnancy.cards), key=len, default=None),
    }
    return {name: text for name, text in texts.items() if text}


def _longest(session: Session, column: InstrumentedAttribute[str]) -> str | None:
    return session.scalar(select(column).order_by(func.char_length(column).desc()).limit(1))
