"""A family says that it is over while a worker delivers or the planner plans: nothing comes after.

The tests named `without` take one guard out and show that the message would then go out.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.planner import SEND_AT
from backend.handbook.pregnancy import planner, service, sharing
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.models import Pregnancy, State
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.privacy import Vault
from backend.outbox import claims
from backend.outbox.delivery import deliver
from backend.outbox.ledger import Key
from backend.outbox.marking import mark_sending
from backend.outbox.models import Message, MessageState
from backend.outbox.parts import Delivery
from backend.outbox.templates import Templates
from backend.people.children import Registration, lock_identity
from backend.people.models import DuplicateState, Relation, Sex
from backend.people.rules import child_identity
from tests.concurrency.racing import at_once
from tests.factories import APPID, default_vault, make_parent
from tests.fakes import FakeMessenger
from tests.handbook.pregnancy.scene import (
    DOCUMENTS,
    PROGRAMME,
    TODAY,
    begin,
    due_when,
    end,
    plan,
    share,
    told,
)
from tests.handbook.pregnancy.test_service import baby
from tests.handbook.test_race import wait_until_somebody_waits
from tests.outbox.scene import TEMPLATES, delivery, grant

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
PATIENCE = 20  # seconds
TEMPLATE_ID = "tpl-pregnancy-week"
HASTY = Templates(  # the same words, and nobody asks again
    {name: TEMPLATES[name].model_copy(update={"ask_again": False}) for name in TEMPLATES}
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))


@pytest.fixture
def vault() -> Vault:
    return default_vault()


def expecting(committed: Sessions, clock: FixedClock, name: str) -> int:
    """A parent with a card that is due and a permission to send it."""
    parent, _ = begin(committed, clock, due_when(25), openid=name)
    grant(committed, clock, Key(APPID, name, TEMPLATE_ID))
    return parent


def worker(
    committed: Sessions,
    clock: FixedClock,
    messenger: FakeMessenger,
    templates: Templates = TEMPLATES,
) -> Delivery:
    return delivery(
        committed,
        clock,
        messenger,
        threads=1,
        templates=templates,
        template_ids={"pregnancy_week": TEMPLATE_ID, "pregnancy_notice": TEMPLATE_ID},
    )


def wait_until_marked(committed: Sessions, parent: int) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        with committed() as session:
            query = select(Message.state).where(Message.parent_id == parent)
            if session.scalar(query) is MessageState.SENDING:
                return
    raise AssertionError("the message was never marked")


def sent_while_one_ends(
    committed: Sessions,
    clock: FixedClock,
    templates: Templates = TEMPLATES,
    tell: Callable[[Sessions, FixedClock], object] = plan,
) -> int:
    """How many of two get their message: one's loss falls between its mark and the wire."""
    parents = {name: expecting(committed, clock, name) for name in ("one", "other")}
    tell(committed, clock)

    def before(openid: str) -> None:
        if not messenger.sent:  # the first is on the wire; the second is marked and next
            (lost,) = (parent for name, parent in parents.items() if name != openid)
            wait_until_marked(committed, lost)
            end(committed, clock, lost)

    messenger = FakeMessenger(before=before)
    deliver(worker(committed, clock, messenger, templates))
    return len(messenger.sent)


def test_a_message_that_is_marked_and_not_yet_handed_over_is_not_sent(
    committed: Sessions, clock: FixedClock
) -> None:
    assert sent_while_one_ends(committed, clock) == 1


def test_without_the_last_question_it_would_be(committed: Sessions, clock: FixedClock) -> None:
    assert sent_while_one_ends(committed, clock, HASTY) == 2


def deliver_after(
    committed: Sessions, clock: FixedClock, loss: Callable[[Sessions, FixedClock, int], object]
) -> int:
    """How many were marked to be sent by a worker that had claimed before the loss."""
    parent = expecting(committed, clock, "only")
    plan(committed, clock)
    with committed.begin() as session:
        claimed = claims.claim(session, clock, appid=APPID, limit=10)
    loss(committed, clock, parent)
    ready = [claims.Ready(one, Key(APPID, "only", TEMPLATE_ID), {}, None) for one in claimed]
    with committed.begin() as session:
        return len(mark_sending(session, clock, ready).sending)


def test_a_message_that_a_worker_holds_is_not_marked_any_more(
    committed: Sessions, clock: FixedClock
) -> None:
    assert deliver_after(committed, clock, end) == 0


def test_without_taking_claimed_ones_along_it_would_be(
    committed: Sessions, clock: FixedClock
) -> None:
    assert deliver_after(committed, clock, end_what_waits) == 1


def end_what_waits(committed: Sessions, clock: FixedClock, parent: int) -> None:
    """What one writes without thinking: the state, and the rows that wait."""
    with committed.begin() as session:
        session.execute(
            update(Pregnancy)
            .where(Pregnancy.parent_id == parent)
            .values(state=State.ENDED, closed_at=clock.now())
        )
        session.execute(
            delete(Message).where(
                Message.parent_id == parent, Message.state == MessageState.WAITING
            )
        )


def test_an_end_that_waits_for_the_planner_finds_what_it_planned(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(committed, clock, due_when(25))
    ending = threading.Thread(target=end, args=(committed, clock, parent))
    with committed.begin() as session:
        assert planner.plan_due(session, clock, PROGRAMME, TODAY) == 1
        ending.start()
        wait_until_somebody_waits(committed)
    ending.join(PATIENCE)

    assert told(committed, parent) == []


@pytest.mark.parametrize("change", ["ended", "moved"])
def test_a_planner_that_waits_for_a_change_plans_what_is_true_then(
    committed: Sessions, clock: FixedClock, change: str
) -> None:
    parent, _ = begin(committed, clock, due_when(25))
    added: list[int] = []
    planning = threading.Thread(target=lambda: added.append(plan(committed, clock)))
    with committed.begin() as session:
        if change == "ended":
            service.end(session, clock, parent_id=parent)
        else:
            move(session, clock, parent, due_when(25, 3))
        planning.start()
        wait_until_somebody_waits(committed)
    planning.join(PATIENCE)

    assert added == [0]
    assert told(committed, parent) == []


def move(session: Session, clock: FixedClock, parent: int, due: date) -> None:
    dating = Dating(Method.CLINIC, due)
    service.redate(session, clock, parent_id=parent, dating=dating, multiple=False)


def test_without_the_planners_lock_a_message_would_outlive_the_end(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, pregnancy = begin(committed, clock, due_when(25))
    due_at = datetime.combine(TODAY, SEND_AT, CITY)
    with committed.begin() as session:
        (card,) = (one for one in planner.cards_due(PROGRAMME, TODAY) if one.week == 25)
        session.execute(
            planner.PLAN_CARDS,
            {
                "ids": [pregnancy],
                "parents": [parent],
                "day": TODAY,
                "due_at": due_at,
                "now": clock.now(),
                "template": "pregnancy_week",
                "checkup": "pregnancy_checkup",
                "week_before": due_at - timedelta(days=7),
                "weeks": [card.week],
                "cards": [card.card],
                "wordings": [card.wording],
                "due_dates": [card.due_date],
            },
        )
        end(committed, clock, parent)  # in another session; it waits for nobody

    assert told(committed, parent) == [("pregnancy_week", 25)]


def test_an_end_by_one_parent_takes_what_a_worker_holds_for_the_other(
    committed: Sessions, clock: FixedClock
) -> None:
    def loss(committed: Sessions, clock: FixedClock, father: int) -> None:
        end(committed, clock, mother)
        assert told(committed, father) == []

    mother, _ = begin(committed, clock, due_when(25))
    father = share(committed, clock, mother, openid="father")
    grant(committed, clock, Key(APPID, "father", TEMPLATE_ID))

    assert sent_of(committed, clock, father, loss) == 0


@pytest.mark.parametrize("change", ["left", "ended"])
def test_a_planner_that_waits_for_a_change_tells_no_partner_who_is_out(
    committed: Sessions, clock: FixedClock, change: str
) -> None:
    mother, _ = begin(committed, clock, due_when(25))
    father = share(committed, clock, mother)
    added: list[int] = []
    planning = threading.Thread(target=lambda: added.append(plan(committed, clock)))
    with committed.begin() as session:
        if change == "left":
            sharing.leave(session, clock, parent_id=father)
        else:
            service.end(session, clock, parent_id=father)
        planning.start()
        wait_until_somebody_waits(committed)
    planning.join(PATIENCE)

    assert added == [1 if change == "left" else 0]
    assert told(committed, father) == []


def test_of_many_who_join_at_once_one_does_and_nobody_has_two(
    committed: Sessions, clock: FixedClock
) -> None:
    mothers = [begin(committed, clock, due_when(25))[0] for _ in range(2)]
    with committed.begin() as session:
        codes = [
            sharing.invite(session, clock, parent_id=mother, relation=Relation.MOTHER)[0]
            for mother in mothers
            for _ in range(3)
        ]
    father = make_parent(committed, documents=DOCUMENTS)

    def join(code: str) -> int:
        with committed.begin() as session:
            service.lock_parent(session, father)
            return sharing.join(
                session, clock, parent_id=father, code=code, relation=Relation.FATHER
            ).id

    found, refused = at_once(join, codes)

    assert len(set(found)) == 1  # the same code's pregnancy again is no second one
    assert {type(error) for error in refused} <= {sharing.OwnPregnancyOpen}


def test_without_asking_the_database_says_that_nobody_has_two_open_ones(
    committed: Sessions, clock: FixedClock
) -> None:
    """The index holds for both parts, and follows the state of the pregnancy."""
    mother, first = begin(committed, clock, due_when(25))
    _, second = begin(committed, clock, due_when(9))
    row = {"pregnancy": second, "parent": mother, "since": clock.now()}
    partner = text(
        "INSERT INTO pregnancy_parents (pregnancy_id, parent_id, opener, relation, state, since)"
        " VALUES (:pregnancy, :parent, false, 'mother', 'open', :since)"
    )
    with (
        committed.begin() as session,
        pytest.raises(IntegrityError, match="pregnancy_parents_open"),
    ):
        session.execute(partner, row)

    end(committed, clock, mother)
    with committed.begin() as session:
        session.execute(partner, row)
    with (
        committed.begin() as session,
        pytest.raises(IntegrityError, match="pregnancy_parents_open"),
    ):
        session.execute(
            update(Pregnancy).where(Pregnancy.id == first).values(state=State.OPEN, closed_at=None)
        )


def sent_of(
    committed: Sessions,
    clock: FixedClock,
    parent: int,
    loss: Callable[[Sessions, FixedClock, int], object],
) -> int:
    """How many messages of a parent, claimed before the loss, a worker marks after it."""
    plan(committed, clock)
    with committed.begin() as session:
        claimed = claims.claim(session, clock, appid=APPID, limit=10)
    assert parent in [one.parent_id for one in claimed]
    loss(committed, clock, parent)
    ready = [claims.Ready(one, Key(APPID, "father", TEMPLATE_ID), {}, None) for one in claimed]
    with committed.begin() as session:
        return len(mark_sending(session, clock, ready).sending)


def test_two_beginnings_at_once_make_one(committed: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(committed, clock, due_when(25))
    end(committed, clock, parent)
    outcomes: list[str] = []

    def again() -> None:
        try:
            with committed.begin() as session:
                service.lock_parent(session, parent)
                dating = Dating(Method.CLINIC, due_when(9))
                service.begin(session, clock, parent_id=parent, dating=dating, multiple=False)
            outcomes.append("begun")
        except service.PregnancyOpen:
            outcomes.append("open")

    racers = [threading.Thread(target=again) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(PATIENCE)

    assert sorted(outcomes) == ["begun", "open", "open", "open"]
    with committed() as session:
        assert session.scalar(text("SELECT count(*) FROM pregnancies WHERE state = 'open'")) == 1


def test_both_parents_register_their_twins_at_once_each_in_an_order_of_their_own(
    committed: Sessions, clock: FixedClock, vault: Vault, races: int
) -> None:
    for number in range(races):
        twins = [baby(f"{name}{number}", birth=TODAY) for name in ("大宝", "小宝")]
        wishes = [(begin(committed, clock, due_when(38))[0], born) for born in (twins, twins[::-1])]

        def register(wish: tuple[int, list[Registration]]) -> list[DuplicateState | None]:
            with committed.begin() as session:
                parent, born = wish
                made = service.record_birth(session, clock, vault, parent_id=parent, born=born)
                return [child.duplicate_state for child in made]

        found, refused = at_once(register, wishes)

        assert refused == []
        assert sorted(found, key=lambda states: states[0] is not None) == [
            [None] * 2,
            [DuplicateState.POSSIBLE] * 2,
        ]


def test_without_one_order_they_wait_in_a_circle(
    committed: Sessions, clock: FixedClock, vault: Vault
) -> None:
    first, second = (child_identity(vault, name, Sex.FEMALE, TODAY) for name in ("大宝", "小宝"))
    with committed() as mother, committed() as father, ThreadPoolExecutor(2) as pool:
        lock_identity(mother, first)
        lock_identity(father, second)
        acts = [pool.submit(lock_identity, mother, second)]
        wait_until_somebody_waits(committed)
        acts.append(pool.submit(lock_identity, father, first))
        errors = [act.exception(PATIENCE) for act in acts]

    assert [type(error) for error in errors if error is not None] == [OperationalError]
