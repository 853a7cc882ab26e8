"""A family that has left a trace wherever one can, and a search for such traces."""

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import linking
from backend.accounts.models import Follower
from backend.accounts.scenes import LinkScenes
from backend.bookings import service
from backend.kernel.clock import Clock
from backend.people.models import ParentIdentity, Role
from backend.rights.handbook_grants import service as grants
from backend.rights.handbook_grants.models import ReadPurpose
from backend.rights.handbook_grants.service import Desk
from tests.accounts.accounts import add, whole
from tests.api.families import Phone
from tests.conftest import texts
from tests.factories import default_vault, make_policy, make_slots, make_staff
from tests.handbook.pictures import send_photo

NAME, NUMBER, OPENID = "欧阳测试满", "13800000042", "openid-vanishing"
WEEKS, TOWN = 38, "320281001"
DIARY = "今天会自己坐了，笑得很开心"
STREET, KIND = "测试路 6 号 3 幢 502 室", "hardship"  # the address, the reason for priority
ADVICE, TEAM = "测试嘱咐：多趴一趴", "测试签约团队"  # of a check-up; of the family doctor
WEIGHT_G = 8_437
CLINIC = "测试街道接种门诊"
OFFICE = "测试妇幼保健院"
FACTS = {
    "mother_hbsag": "negative",
    "birth_grams": 3100,
    "had_varicella": True,
    "immunoglobulin": ["2026-04-01"],
}

COLUMNS = text("""
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public'
""")


def make_family(client: FlaskClient, sessions: sessionmaker[Session], clock: Clock) -> Phone:
    """A parent with a phone and a child, bookings of every kind, entries, codes, a copy."""
    phone = Phone(client, OPENID.removeprefix("openid-"))
    phone.agree()
    assert phone.post("/me/phone", {"code": f"number:{NUMBER}"}).status_code == 200
    towns = {town["code"]: town for town in phone.get("/towns").json["items"]}
    body = {
        "name": NAME,
        "birth_date": "2026-03-10",
        "sex": "f",
        "gestational_weeks": WEEKS,
        "town_code": TOWN,
        "village_code": towns[TOWN]["villages"][0]["code"],
        "home_cared": True,
        "relation": "mother",
    }
    child = phone.post("/children", body, key="child").json["id"]
    make_policy(sessions, max_open=6)
    bookings = [_book(phone, child, slot) for slot in make_slots(sessions, 4)]
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=bookings[0], actor="staff:1")
        service.decline(session, clock, booking_id=bookings[1], actor="staff:1", reason="老师病了")
    assert phone.post(f"/bookings/{bookings[2]}/cancel").status_code == 200
    done = phone.put(f"/children/{child}/handbook/vaccine:hepb-1", {"done_on": "2026-03-10"})
    assert done.status_code == 200
    _copy_papers(phone, child)
    weighed = phone.put(f"/children/{child}/growth/2026-11-20", {"weight_g": WEIGHT_G})
    assert weighed.json == {"saved": True, "questions": []}
    dose = {"done_on": "2026-03-10", "place": CLINIC, "batch": "B2026"}
    assert phone.put(f"/children/{child}/handbook/vaccine:hepb-1", dose).status_code == 200
    assert phone.put(f"/children/{child}/vaccine-facts", FACTS).status_code == 200
    assert phone.post(f"/children/{child}/invitations", key="invite").status_code == 201
    phone.agree("priority", "address", "pregnancy")
    dating = {"dated_by": "clinic", "day": "2027-03-08"}
    assert phone.post("/pregnancy", dating).status_code == 201
    assert phone.put("/pregnancy/weights/2026-11-20", {"kg": 61.5}).status_code == 200
    assert phone.post(f"/children/{child}/priority", {"kind": KIND}).status_code == 201
    assert phone.put(f"/children/{child}/address", {"address": STREET}).status_code == 200
    phone.agree("diary")
    day = {"day": "2026-11-22", "note": DIARY}
    assert send_photo(phone, f"/children/{child}/diary/photos", **day).status_code == 201
    answers = {"answers": {"choke-bed": "done"}}
    assert phone.put(f"/children/{child}/home-check", answers).status_code == 200
    assert phone.post(f"/children/{child}/doctor-links", key="doctor").status_code == 201
    _let_look(sessions, clock, child)
    _follow(sessions, clock, phone.get("/me").json["id"])
    assert phone.get(f"/children/{child}/export").status_code == 200
    return phone


def _let_look(sessions: sessionmaker[Session], clock: Clock, child: int) -> None:
    """A child-health doctor was granted a look."""
    doctor = make_staff(sessions, role=Role.CHILD_HEALTH, town_code=TOWN, office=OFFICE)
    manager = make_staff(sessions, role=Role.TOWN, town_code=TOWN)
    with sessions.begin() as session:
        asked = grants.ask(
            session,
            clock,
            texts().documents,
            desk=Desk(doctor, TOWN),
            child_id=child,
            purpose=ReadPurpose.REFERRAL,
            hours=24,
        )
        grants.grant(
            session,
            clock,
            texts().documents,
            desk=Desk(manager, TOWN),
            grant_id=asked.id,
            reason="",
        )


def _follow(sessions: sessionmaker[Session], clock: Clock, parent_id: int) -> None:
    """The family follows the city's 公众号, and was shown another code to link it."""
    account = add(sessions, clock, default_vault(), whole())
    scenes = LinkScenes("s" * 32)
    with sessions.begin() as session:
        linking.make_code(session, clock, scenes, parent_id=parent_id, appid=account)
        session.add(
            ParentIdentity(appid=account, openid=OPENID, unionid=OPENID, parent_id=parent_id)
        )
        session.flush()
        session.add(
            Follower(
                appid=account,
                openid=OPENID,
                unionid=OPENID,
                parent_id=parent_id,
                followed_at=clock.now(),
            )
        )


def _copy_papers(phone: Phone, child: int) -> None:
    """A check-up, answers about warning signs, a newborn screening, the family doctor."""
    signs = [{"id": f"w08-{number}", "answer": "yes"} for number in range(1, 5)]
    for path, body in (
        ("checkups/m8", {"done_on": "2026-11-20", "advice": ADVICE}),
        ("screenings/m8", {"answers": signs}),
        ("newborn-screening/heart", {"done_on": "2026-03-12", "result": "passed"}),
        ("family-doctor", {"team": TEAM}),
    ):
        answer = phone.put(f"/children/{child}/{path}", body)
        assert answer.status_code == 200, answer.text


def child_of(phone: Phone) -> int:
    child: int = phone.get("/children").json["items"][0]["id"]
    return child


def readable(sessions: sessionmaker[Session], *words: str) -> list[str]:
    """Every column of every table in which one of the words can be read, also inside JSON."""
    places = []
    with sessions() as session:
        for table, column, kind in session.execute(COLUMNS):
            if kind == "bytea":
                test = f"""position(convert_to(:word, 'UTF8') IN "{column}") > 0"""
            else:
                test = f"""position(:word IN "{column}"::text) > 0"""
            query = text(f'SELECT count(*) FROM "{table}" WHERE {test}')
            if any(session.scalar(query, {"word": word}) for word in words):
                places.append(f"{table}.{column}")
    return sorted(places)


def _book(phone: Phone, child: int, slot: int) -> int:
    answer = phone.post("/bookings", {"child_id": child, "slot_id": slot}, key=f"book-{slot}")
    assert answer.status_code == 201, answer.text
    booking: int = answer.json["id"]
    return booking
