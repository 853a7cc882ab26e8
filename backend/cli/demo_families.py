"""An invented family of a demonstration: a mother who agreed to everything, and her child."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from backend.cli.demo_places import FIRST_TOWN
from backend.deps import Deps
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.people import children, consents
from backend.people.models import OF_EVERYBODY, Parent, Relation, Sex


class Invented(NamedTuple):
    """A child of nobody; `months`: how old today."""

    name: str
    sex: Sex
    months: int
    town: str = FIRST_TOWN


def register_family(
    session: Session, parts: Deps, child: Invented, since: Clock | None = None
) -> tuple[int, int]:
    """The ids of parent and child, registered then or now."""
    clock = since or parts.clock
    parent = Parent(created_at=clock.now())
    session.add(parent)
    session.flush()
    accepted = [
        consents.Acceptance(text.purpose, text.version, text.hash)
        for text in (parts.documents[purpose] for purpose in OF_EVERYBODY)
    ]
    consents.give(session, clock, parts.documents, parent_id=parent.id, accepted=accepted)
    registered = children.register(
        session,
        clock,
        parts.vault,
        parent_id=parent.id,
        new=children.Registration(
            name=child.name,
            birth_date=add_months(city_date(parts.clock.now()), -child.months) - timedelta(days=5),
            sex=child.sex,
            gestational_weeks=None,
            town_code=child.town,
            village_code=None,
            home_cared=True,
            relation=Relation.MOTHER,
        ),
    )
    return parent.id, registered.id
