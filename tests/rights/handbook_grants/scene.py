"""A child with a mother who agreed, a doctor of its town, and who answers for the town."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.growth.loaded import Standards
from backend.handbook.growth.standards import DEFAULT
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.people.documents import Documents
from backend.people.models import Role
from backend.rights.handbook_grants import reading, service
from backend.rights.handbook_grants.models import HandbookGrant, ReadPurpose
from backend.rights.handbook_grants.reading import Looked
from backend.rights.handbook_grants.rules import BookPage
from backend.rights.handbook_grants.service import Desk
from backend.rights.take_along.book import Programmes
from tests.conftest import ROOT, texts
from tests.factories import TOWN, default_vault, make_child, make_parent, make_staff

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281100"


def documents() -> Documents:
    return texts().documents


@dataclass
class Scene:
    """`doctor` asks, `manager` decides."""

    sessions: Sessions
    clock: FixedClock

    @cached_property
    def parent(self) -> int:
        return make_parent(self.sessions, documents=documents())

    @cached_property
    def child(self) -> int:
        return make_child(self.sessions, parent_id=self.parent)

    @cached_property
    def doctor(self) -> Desk:
        return self.desk(Role.CHILD_HEALTH)

    @cached_property
    def manager(self) -> Desk:
        return self.desk(Role.TOWN)

    def desk(self, role: Role, town: str | None = TOWN) -> Desk:
        office = "测试社区卫生服务中心" if role is Role.CHILD_HEALTH else None
        return Desk(make_staff(self.sessions, role=role, town_code=town, office=office), town)

    def ask(self, *, desk: Desk | None = None, child: int | None = None, hours: int = 4) -> int:
        with self.sessions.begin() as session:
            return service.ask(
                session,
                self.clock,
                documents(),
                desk=desk or self.doctor,
                child_id=child or self.child,
                purpose=ReadPurpose.FOLLOW_UP,
                hours=hours,
            ).id

    def grant(self, number: int, *, desk: Desk | None = None, reason: str = "") -> None:
        with self.sessions.begin() as session:
            service.grant(
                session,
                self.clock,
                documents(),
                desk=desk or self.manager,
                grant_id=number,
                reason=reason,
            )

    def refuse(
        self, number: int, *, desk: Desk | None = None, reason: str = "没有家长同意"
    ) -> None:
        with self.sessions.begin() as session:
            service.refuse(
                session, self.clock, desk=desk or self.manager, grant_id=number, reason=reason
            )

    def granted(self, *, hours: int = 4) -> int:
        number = self.ask(hours=hours)
        self.grant(number)
        return number

    def look(
        self, number: int, *, desk: Desk | None = None, page: BookPage = BookPage.GROWTH
    ) -> Looked:
        known = texts()
        programmes = Programmes(
            known.schedule, known.screenings, Standards(ROOT / "content").get(DEFAULT)
        )
        with self.sessions.begin() as session:
            return reading.look(
                session,
                self.clock,
                default_vault(),
                documents(),
                programmes,
                desk=desk or self.doctor,
                grant_id=number,
                page=page,
            )

    def row(self, number: int) -> HandbookGrant:
        with self.sessions() as session:
            return session.get_one(HandbookGrant, number)

    def log(self, *actions: str) -> list[AuditEntry]:
        with self.sessions() as session:
            return list(
                session.scalars(
                    select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id)
                )
            )
