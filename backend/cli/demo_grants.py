"""What a demonstration shows of reading a handbook: one that may be read, one that is asked for.

The institution carries 演示 in its name; the child's records are invented.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.cli.demo_places import FIRST_TOWN
from backend.deps import Deps
from backend.handbook import growth_service
from backend.handbook.checkup_results import CheckupResult, record_result
from backend.handbook.clinic_papers import (
    FamilyDoctor,
    NewbornResult,
    PaperResult,
    record_family_doctor,
    record_newborn,
)
from backend.handbook.growth.standards import DEFAULT
from backend.handbook.growth_rules import Measures
from backend.handbook.records import Done
from backend.handbook.screening_file import NewbornTest
from backend.handbook.service import record_done
from backend.kernel.ages import add_months
from backend.kernel.errors import DomainError
from backend.people import staff
from backend.people.children import own_child
from backend.people.models import Role, Staff
from backend.rights.handbook_grants import service
from backend.rights.handbook_grants.models import GrantState, HandbookGrant, ReadPurpose
from backend.rights.handbook_grants.queries import board_of_staff
from backend.rights.handbook_grants.reading import look
from backend.rights.handbook_grants.rules import BookPage
from backend.rights.handbook_grants.service import Desk

LOGIN, NAME = "erbao", "演示儿保医生"
OFFICE = "演示·澄江街道社区卫生服务中心"
HOURS = {"read": 168, "asked": 4}
DOSES = (("hepb-1", 0), ("bcg-1", 0), ("hepb-2", 1), ("polio-1", 2), ("dtap-1", 2), ("hepb-3", 6))
MEASURED = (  # months; grams, millimetres of length and of head
    (0, 3200, 495, 338),
    (3, 6100, 605, 395),
    (6, 7500, 665, 422),
    (12, 9200, 745, 450),
    (18, 10400, 805, 464),
)


def add_account(session: Session, parts: Deps, password: str) -> None:
    """Unless it is there already."""
    if session.scalar(select(Staff.id).where(Staff.login == LOGIN)) is None:
        staff.create_staff(
            session,
            parts.clock,
            login=LOGIN,
            name=NAME,
            password=password,
            role=Role.CHILD_HEALTH,
            town_code=FIRST_TOWN,
            office=OFFICE,
        )


def add_grants(
    session: Session, parts: Deps, manager: str, *, read: tuple[int, int], asked: int
) -> None:
    """`read`: parent and child of the book that may be read; `asked`: the other child."""
    _fill(session, parts, *read)
    _look(session, parts, _grant(session, parts, manager, read[1]))
    _ask(session, parts, asked, ReadPurpose.REFERRAL, HOURS["asked"])


def renew(session: Session, parts: Deps, manager: str) -> None:
    """A demonstration goes on for weeks and a grant for seven days: give it again."""
    if board_of_staff(session, _desk(session, LOGIN).staff_id, parts.clock.now()).standing:
        return
    last = session.scalar(
        select(HandbookGrant.child_id)
        .join(Staff, Staff.id == HandbookGrant.staff_id)
        .where(Staff.login == LOGIN, HandbookGrant.state == GrantState.GRANTED)
        .order_by(HandbookGrant.id.desc())
        .limit(1)
    )
    if last is not None:
        with suppress(DomainError):  # the child may have left in the demonstration
            _grant(session, parts, manager, last)


def _grant(session: Session, parts: Deps, manager: str, child_id: int) -> int:
    asked = _ask(session, parts, child_id, ReadPurpose.FOLLOW_UP, HOURS["read"])
    service.grant(
        session,
        parts.clock,
        parts.documents,
        desk=_desk(session, manager),
        grant_id=asked,
        reason="（演示）在随访名单上",
    )
    return asked


def _ask(session: Session, parts: Deps, child_id: int, purpose: ReadPurpose, hours: int) -> int:
    return service.ask(
        session,
        parts.clock,
        parts.documents,
        desk=_desk(session, LOGIN),
        child_id=child_id,
        purpose=purpose,
        hours=hours,
    ).id


def _desk(session: Session, login: str) -> Desk:
    account = session.scalars(select(Staff).where(Staff.login == login)).one()
    return Desk(account.id, account.town_code)


def _fill(session: Session, parts: Deps, parent_id: int, child_id: int) -> None:
    """A book with something in each of its parts."""
    tell = partial(_tell, session, parts, parent_id, child_id)
    birth = own_child(session, parent_id=parent_id, child_id=child_id).birth_date
    for dose, months in DOSES:
        done = Done(_day(birth, months), "演示接种门诊", f"YS{months:02}")
        tell(partial(record_done, schedule=parts.handbook, item_id=f"vaccine:{dose}", done=done))
    for months, weight, length, head in MEASURED:
        sizes = Measures(weight_g=weight, length_mm=length, head_mm=head)
        told = growth_service.Told(_day(birth, months), sizes, confirmed=True)
        tell(partial(growth_service.record, standard=parts.growth.get(DEFAULT), told=told))
    found = CheckupResult(place="演示儿保门诊", haemoglobin=118, teeth=6, advice="（演示）多晒太阳")
    tell(
        partial(
            record_result,
            schedule=parts.handbook,
            visit_id="m12",
            done_on=_day(birth, 12),
            result=found,
        )
    )
    heard = NewbornResult(done_on=birth + timedelta(days=2), result=PaperResult.PASSED)
    tell(partial(record_newborn, test=NewbornTest.HEARING, result=heard))
    tell(partial(record_family_doctor, doctor=FamilyDoctor(team="演示家庭医生团队")))


def _tell(
    session: Session, parts: Deps, parent_id: int, child_id: int, record: Callable[..., object]
) -> None:
    """As the mother would write it down."""
    record(session, parts.clock, parts.vault, parent_id=parent_id, child_id=child_id)


def _look(session: Session, parts: Deps, grant_id: int) -> None:
    for page in (BookPage.VACCINES, BookPage.GROWTH):
        look(
            session,
            parts.clock,
            parts.vault,
            parts.documents,
            parts.programmes(DEFAULT),
            desk=_desk(session, LOGIN),
            grant_id=grant_id,
            page=page,
        )


def _day(birth: date, months: int) -> date:
    return add_months(birth, months) + timedelta(days=2 if months else 0)
