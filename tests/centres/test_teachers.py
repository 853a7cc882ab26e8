"""Nobody teaches without a certificate that is valid on the day."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import obstacles, teachers
from backend.centres.place_models import Teacher, TeacherCertificate
from backend.centres.rooms import NameUsed
from backend.centres.teachers import NewCertificate, Roll
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, Invalid, NotFound
from tests.centres.scene import (
    ACTOR,
    HOUR,
    TOMORROW,
    Scene,
    make_institution,
    make_scene,
    make_teacher,
    offer,
)
from tests.factories import default_vault, make_centre, make_staff

Sessions = sessionmaker[Session]
TOMORROWS_DAY = date(2026, 11, 24)


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


def roll(sessions: Sessions, clock: FixedClock, scene: Scene) -> Roll:
    with sessions() as session:
        return teachers.teachers_of(session, clock, default_vault(), {scene.institution})


@pytest.mark.parametrize(("until", "teaches"), [(0, True), (-1, False), (None, False)])
def test_the_certificate_counts_on_the_day_of_the_session(
    sessions: Sessions, clock: FixedClock, scene: Scene, until: int | None, teaches: bool
) -> None:
    last = None if until is None else TOMORROWS_DAY + timedelta(days=until)
    teacher = make_teacher(sessions, clock, scene.institution, until=last)
    new = scene.slot(teacher_id=teacher)

    if teaches:
        offer(sessions, clock, new)
        return
    with pytest.raises(obstacles.TeacherCertificateExpired) as refused:
        offer(sessions, clock, new)
    assert refused.value.code == "teacher_certificate_expired"
    assert "2026-11-24" in str(refused.value.detail)


def test_a_teacher_of_another_institution_or_who_has_left_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    other = make_institution(sessions, clock, make_centre(sessions))
    with pytest.raises(obstacles.TeacherNotOfCentre):
        offer(sessions, clock, scene.slot(teacher_id=make_teacher(sessions, clock, other)))
    with sessions.begin() as session:
        teacher = session.get_one(Teacher, scene.teacher)
        teachers.let_go(session, clock, teacher, left_on=TOMORROWS_DAY, actor=ACTOR)
    with pytest.raises(obstacles.TeacherNotOfCentre):
        offer(sessions, clock, scene.slot())
    assert roll(sessions, clock, scene).present != []  # until tomorrow


def test_a_teacher_is_in_one_place(sessions: Sessions, clock: FixedClock, scene: Scene) -> None:
    offer(sessions, clock, scene.slot(room_id=None))
    with pytest.raises(obstacles.TeacherTaken):
        offer(sessions, clock, scene.slot(room_id=None, starts_at=TOMORROW + HOUR / 2))


def test_the_number_is_sealed_and_shown_by_its_end(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    with sessions() as session:
        (row,) = session.scalars(select(TeacherCertificate)).all()
    assert row.number_sealed is not None
    assert "1234" not in row.number_sealed

    (teacher,) = roll(sessions, clock, scene).rows
    assert teacher.certificates[0].number == "····1234"
    assert teachers.mask_number("1234567") == "····"


def test_the_roll_counts_the_certified_and_names_those_that_expire(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    today = date(2026, 11, 23)
    make_teacher(sessions, clock, scene.institution, until=today - timedelta(days=1), name="李老师")
    make_teacher(sessions, clock, scene.institution, until=today + timedelta(60), name="赵老师")
    make_teacher(sessions, clock, scene.institution, until=today + timedelta(61), name="周老师")
    make_teacher(sessions, clock, scene.institution, until=None, name="吴老师")

    found = roll(sessions, clock, scene)

    assert (found.certified, len(found.present), found.rate) == (3, 5, 60)
    assert [row.display_name for row in found.expiring] == ["李老师", "赵老师"]
    assert Roll([], today).rate is None


def test_certificates_are_checked_and_taken_back(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    with sessions.begin() as session:
        teacher = session.get_one(Teacher, scene.teacher)
        for wrong in (
            NewCertificate(" ", None, first, last),
            NewCertificate("证", None, last, first),
        ):
            with pytest.raises(Invalid):
                teachers.add_certificate(
                    session, clock, default_vault(), teacher=teacher, new=wrong, actor=ACTOR
                )
        made = teachers.add_certificate(
            session,
            clock,
            default_vault(),
            teacher=teacher,
            new=NewCertificate("保育师", None, first, last),
            actor=ACTOR,
        )
        assert made.number_sealed is None
        teachers.remove_certificate(session, clock, teacher, made.id, actor=ACTOR)
        with pytest.raises(NotFound):
            teachers.remove_certificate(session, clock, teacher, 10**12, actor=ACTOR)
    assert len(roll(sessions, clock, scene).rows[0].certificates) == 1


def test_names_and_accounts_are_one_teachers(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    make_staff(sessions, login="laoshi", centre_id=scene.centre)
    other = make_teacher(sessions, clock, scene.institution, name="李老师")
    with pytest.raises(NameUsed):
        make_teacher(sessions, clock, scene.institution, name="李老师")
    with sessions.begin() as session:
        first, second = session.get_one(Teacher, scene.teacher), session.get_one(Teacher, other)
        teachers.link_account(session, clock, first, login=" LAOSHI ", actor=ACTOR)
        with pytest.raises(Invalid):
            teachers.link_account(session, clock, second, login="niemand", actor=ACTOR)
    with sessions() as session:
        second = session.get_one(Teacher, other)
        with pytest.raises(Conflict):
            teachers.link_account(session, clock, second, login="laoshi", actor=ACTOR)
    with sessions.begin() as session:
        first = session.get_one(Teacher, scene.teacher)
        teachers.link_account(session, clock, first, login="", actor=ACTOR)
        teachers.rename_teacher(session, clock, first, "陈老师", actor=ACTOR)
        with pytest.raises(NotFound):
            teachers.teacher_in_scope(session, other, {scene.institution + 1})
        with pytest.raises(NotFound):
            teachers.add_teacher(
                session, clock, institution_id=10**12, display_name="谁", actor=ACTOR
            )
