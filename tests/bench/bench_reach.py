"""P8: which share of the due messages stands in the app's list; how long the reach page asks.

Every message goes through the outbox's own delivery, to a WeChat that answers each family in its
own way. Then each family's list is read to its last page, as the mini-program does. Asserted: the
lists hold exactly the due messages, each once, and reach counts each in the group where it ended.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import CITY, FixedClock
from backend.kernel.db import session_factory
from backend.outbox.channels import Address, Sender
from backend.outbox.delivery import deliver
from backend.outbox.messenger import FailureKind, OutcomeUnknown, PermanentFailure, SendFailure
from backend.outbox.models import Message, PauseReason
from backend.outbox.parts import Delivery
from backend.outbox.pauses import BY_TIME, WORKER, pause
from backend.outbox.queries import Wording, messages_of
from backend.outbox.receipts import job_finished
from backend.outbox.service import mark_read
from backend.outbox.templates import load_templates
from backend.people.children import NAME
from backend.people.models import Role
from backend.people.scopes import Scope
from backend.rights.deletion import delete_parent
from backend.statistics.reach import OUTCOMES, permissions_left, reach_by_month, reach_in
from tests.bench import bench_delivery
from tests.bench.bench_planning import seconds
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT
from tests.factories import APPID, default_vault
from tests.fakes import FakeMessenger

Sessions = sessionmaker[Session]
LISTED = 100_000  # due messages, in lists
ASKED = 1_000_000  # messages of a year, over which the page sums
ROUNDS = 10  # messages of each family
TIMES = 3
PAGE = 6  # messages, so that a list has several pages
MORNING = datetime(2026, 11, 23, 10, tzinfo=CITY)
MONTH = MORNING.date().replace(day=1)
EVERYWHERE = Scope(Role.CITY, None, None)
SERVICE = "wxservice-bench"
TEMPLATE, PAUSED = "handbook_reminder", "campaign"
FACTS = {
    TEMPLATE: {"item_id": "checkup:m3", "item_title": "满3月龄健康检查", "due_date": "2026-12-01"},
    PAUSED: {"headline": "麻疹疫苗该打了", "sentence": "请带上接种证。", "guide": "fever"},
}
REFUSED = PermanentFailure("43101 user refuse", FailureKind.RECIPIENT, 43101)
UNFIT = PermanentFailure("47003 argument invalid", FailureKind.CONTENT, 47003)
NO_ANSWER = OutcomeUnknown("ReadTimeout", FailureKind.TRANSIENT)


@dataclass(frozen=True)
class Fate:
    """What happens to all messages of a family, and the group of reach in which they end.

    `shares`: how many of twenty families. `follows`: the 服务号, which tells of what it took
    `receipt`. Without `outcome` nothing is due any more.
    """

    outcome: str | None
    shares: int = 1
    failure: SendFailure | None = None
    permitted: bool = True
    follows: bool = False
    receipt: str = "success"


FATES: Mapping[str, Fate] = {
    "sent": Fate("mini", shares=8),
    "refused": Fate("unread", failure=REFUSED),
    "refused, then read": Fate("read", failure=REFUSED),
    "refused, then 服务号": Fate("service", failure=REFUSED, follows=True),
    "服务号, arrived": Fate("service", permitted=False, follows=True),
    "服务号, blocked": Fate("failed", permitted=False, follows=True, receipt="failed:user block"),
    "no permission": Fate("unread", permitted=False),
    "failed for content": Fate("failed", failure=UNFIT),
    "unknown": Fate("unknown", failure=NO_ANSWER),
    "expired": Fate("unread"),
    "paused": Fate("underway"),
    "consent withdrawn": Fate("unread"),
    "account deleted": Fate(None),
}
PLACES = tuple(name for name, fate in FATES.items() for _ in range(fate.shares))
FAMILIES = (
    *bench_delivery.FAMILIES[:3],  # parents, a child each, their openids
    "INSERT INTO guardians (child_id, parent_id, relation, since)"
    " SELECT id, id, 'mother', :at FROM parents",
    """
    INSERT INTO subscription_balances (appid, openid, template_id, balance)
    SELECT :appid, openid, :template, 100 FROM parent_identities
     WHERE parent_id % :places = ANY(CAST(:permitted AS integer[]))
    """,
    """
    INSERT INTO consents (parent_id, purpose, version, document_hash, channel, given_at,
                          withdrawn_at)
    SELECT id, 'privacy', '1', 'x', 'bench', :at, :at FROM parents
     WHERE id % :places = ANY(CAST(:withdrawn AS integer[]))
    """,
)
# A message of each family for today, and in the first round one that is not due yet.
MESSAGES = text("""
    INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
    SELECT :round || ':' || late || ':' || id, id, id, template,
           CAST(:facts AS jsonb) -> template,
           CASE WHEN late THEN CAST(:at AS timestamptz) + INTERVAL '1 day'
                WHEN id % :places = ANY(CAST(:expired AS integer[]))
                THEN CAST(:at AS timestamptz) - INTERVAL '8 days'
                ELSE :at END, :at
      FROM parents
     CROSS JOIN (VALUES (false), (true)) AS of_day (late)
     CROSS JOIN LATERAL (
           SELECT CASE WHEN id % :places = ANY(CAST(:paused AS integer[])) THEN 'campaign'
                       ELSE 'handbook_reminder' END AS template) AS said
     WHERE NOT late OR :round = '0'
""")
OUTAGE_OVER = text("""
    UPDATE sending_pauses SET ended_at = :at, ended_by = :by
     WHERE ended_at IS NULL AND reason = 'outage' RETURNING id
""")
# Of the year before, all that the page sums over beside these.
OF_A_YEAR = text("""
    INSERT INTO messages (key, parent_id, child_id, template, data, state, due_at, created_at)
    SELECT 'year:' || n, id, id, 'handbook_reminder', '{}',
           CASE WHEN n % 3 = 0 THEN 'in_app' ELSE 'sent' END,
           CAST(:at AS timestamptz) - make_interval(hours => 1 + (n % 8000)::integer), :at
      FROM generate_series(1, :more) AS n
      JOIN parents ON parents.id = 1 + n % :count AND deleted_at IS NULL
""")


def p8(database: Database, scale: float) -> Sequence[Row]:
    with database.engine(pool_size=2) as engine:
        city = City(engine, len(PLACES) * max(1, round(LISTED * scale / ROUNDS / len(PLACES))))
        for number in range(ROUNDS):
            city.tell_everybody(number)
        city.hear_what_became()
        rows = [_listed(city)]
        city.settle(round(ASKED * scale))
        rows += _asked(city.sessions, round(ASKED * scale))
    return rows


@dataclass
class FollowersOfTown:
    """Implements channels.NextChannel: one 服务号, and which families follow it."""

    messenger: FakeMessenger

    def addresses(self, session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
        return {
            one: Address(SERVICE, f"follower-{one}") for one in parent_ids if _fate(one).follows
        }

    def sender(self, appid: str) -> Sender | None:
        return Sender(SERVICE, self.messenger, {TEMPLATE: "service"}, permitted=False)

    def unfollowed(self, session: Session, told: Mapping[Address, datetime]) -> None:
        raise AssertionError("nobody said so")


class City:
    """Families, and an outbox that tells them."""

    def __init__(self, engine: Engine, families: int) -> None:
        self.sessions = session_factory(engine)
        self.families = range(1, families + 1)
        self.clock = FixedClock(MORNING)
        self._vault = default_vault()
        self._templates = load_templates(ROOT / "content" / "messages" / "templates.yaml")
        self._engine = engine
        self._service = FakeMessenger(first_id=9_000_000_000)
        with engine.begin() as connection:
            for statement in FAMILIES:
                connection.execute(text(statement), self._values())
        with self.sessions.begin() as session:
            pause(session, self.clock, (APPID, PAUSED), reason=PauseReason.OPERATOR, by=WORKER)
        self.settle(0)

    def tell_everybody(self, number: int) -> None:
        """One message of each family, until each has its outcome or is paused."""
        with self.sessions.begin() as session:
            session.execute(MESSAGES, {**self._values(), "round": str(number)})
        parts = self._delivery()
        while deliver(parts, in_all=len(self.families)).claimed or self._outage_is_over():
            continue

    def hear_what_became(self) -> None:
        """Receipts of the 服务号, families that read, families that close their account."""
        with self.sessions.begin() as session:
            rows = session.execute(
                select(Message.wechat_id, Message.parent_id).where(Message.account == SERVICE)
            )
            for wechat_id, parent_id in rows.all():
                status = _fate(parent_id).receipt
                job_finished(session, appid=SERVICE, wechat_id=wechat_id or 0, status=status)
        for parent_id in self.families:
            if _fate(parent_id).outcome == "read":
                with self.sessions.begin() as session:
                    ids = session.scalars(
                        select(Message.id).where(
                            Message.parent_id == parent_id, Message.due_at <= MORNING
                        )
                    ).all()
                    mark_read(session, self.clock, parent_id=parent_id, ids=ids)
            elif _fate(parent_id).outcome is None:
                with self.sessions.begin() as session:
                    delete_parent(session, self.clock, parent_id=parent_id)

    def list_of(self, session: Session, parent_id: int) -> Iterator[int]:
        """The ids that a family's list holds, page by page."""
        wording, after = Wording(self._templates, self._vault), None
        while True:
            page = messages_of(
                session, self.clock, wording, parent_id=parent_id, after=after, limit=PAGE
            )
            yield from (one.id for one in page.items)
            after = page.next
            if after is None:
                return

    def settle(self, messages: int) -> None:
        """So many more messages of the year before; then what autovacuum would do."""
        values = {"at": MORNING, "more": messages, "count": len(self.families)}
        with self._engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            autocommit.execute(OF_A_YEAR, values)
            autocommit.execute(text("VACUUM ANALYZE"))

    def _outage_is_over(self) -> bool:
        """End what answers that never came have set off; whether there was any."""
        with self.sessions.begin() as session:
            ended = session.scalars(OUTAGE_OVER, {"by": BY_TIME, "at": self.clock.now()}).all()
        return bool(ended)

    def _delivery(self) -> Delivery:
        openids = {f"openid-of-the-bench-{one}": _fate(one).failure for one in self.families}
        failures = {openid: one for openid, one in openids.items() if one is not None}
        return Delivery(
            sessions=self.sessions,
            clock=self.clock,
            vault=self._vault,
            templates=self._templates,
            messenger=FakeMessenger(failures=failures),
            appid=APPID,
            template_ids={TEMPLATE: TEMPLATE, PAUSED: PAUSED},
            ways=FollowersOfTown(self._service),
        )

    def _values(self) -> dict[str, object]:
        return {
            "at": MORNING,
            "count": len(self.families),
            "name": self._vault.seal("测试宝宝", NAME),
            "appid": APPID,
            "template": TEMPLATE,
            "facts": json.dumps(FACTS, ensure_ascii=False),
            "places": len(PLACES),
            "permitted": [place for place, name in enumerate(PLACES) if FATES[name].permitted],
            "withdrawn": _places("consent withdrawn"),
            "expired": _places("expired"),
            "paused": _places("paused"),
        }


def _fate(parent_id: int) -> Fate:
    return FATES[PLACES[parent_id % len(PLACES)]]


def _places(fate: str) -> list[int]:
    return [place for place, name in enumerate(PLACES) if name == fate]


def _listed(city: City) -> Row:
    with city.sessions() as session:
        listed = Counter(one for family in city.families for one in city.list_of(session, family))
        due = set(session.scalars(select(Message.id).where(Message.due_at <= MORNING)))
        found = reach_in(session, city.clock, EVERYWHERE, MONTH).together
    assert set(listed) == due, "the lists hold other messages than those that were due"
    assert set(listed.values()) == {1}, "a message stands in a list twice"
    outcomes = Counter(_fate(one).outcome for one in city.families)
    assert found.parts == tuple(ROUNDS * outcomes[name] for name in OUTCOMES), found
    share = 100 * len(listed) / found.due
    said = ", ".join(f"{name} {part}" for name, part in zip(OUTCOMES, found.parts, strict=True))
    beside = f"{found.due} due: {said}"
    return Row("P8", share, "% in the list", "100", share == 100, beside=beside, counted=True)


def _asked(sessions: Sessions, messages: int) -> list[Row]:
    """What the page asks at once: a month by town and kind, a year by month, permissions left."""
    clock = FixedClock(MORNING)
    with sessions() as session:
        parts = {
            "a month": lambda: reach_in(session, clock, EVERYWHERE, MONTH),
            "twelve months": lambda: reach_by_month(session, clock, EVERYWHERE, MONTH),
            "permissions left": lambda: permissions_left(session, EVERYWHERE, appid=APPID),
        }
        took = {name: median([seconds(ask) for _ in range(TIMES)]) for name, ask in parts.items()}
    return [
        Row("P8", round(one, 2), "s, reach page", beside=f"{name}, of {messages} messages")
        for name, one in took.items()
    ]


MEASURES: Measures = {"P8": OnDatabase(p8)}
