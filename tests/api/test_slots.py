"""What a slot says of itself before a family books it."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import Slot
from backend.centres.place_models import Institution, Teacher
from tests.api.families import Phone
from tests.conftest import MORNING
from tests.factories import make_slot


def test_a_slot_names_its_teacher_and_until_when_cancelling_is_free(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    phone = Phone(client, "reader")
    phone.agree()
    child = phone.add_child()["id"]
    slot_id = make_slot(sessions, starts_at=MORNING + timedelta(days=3))
    with sessions.begin() as session:
        institution = Institution(name="演示机构", created_at=MORNING)
        session.add(institution)
        session.flush()
        teacher = Teacher(institution_id=institution.id, display_name="王老师", created_at=MORNING)
        session.add(teacher)
        session.flush()
        slot = session.get(Slot, slot_id)
        assert slot is not None
        slot.teacher_id = teacher.id

    [shown] = phone.get("/slots", child_id=child).json["items"]

    assert shown["teacher"] == "王老师"
    assert datetime.fromisoformat(shown["free_cancel_until"]) == MORNING + timedelta(days=2)
