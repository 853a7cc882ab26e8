"""The diary over the API: asked when first opened, seen by guardians alone, gone when deleted."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.api.diary import LARGEST_UPLOAD
from backend.app import parts_of
from backend.config import Settings
from backend.handbook.diary.models import DiaryEntry
from backend.jobs import photos as jobs
from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.factories import MORNING
from tests.handbook.pictures import PHONE_MODEL, opened, phone_photo, send_photo
from tests.people import acts

Sessions = sessionmaker[Session]
TODAY, NOTE = "2026-11-23", "今天会自己坐了 👩\u200d👦\n笑得很开心"


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child()["id"]
    return number


@pytest.fixture
def diary(phone: Phone, child: int) -> str:
    phone.agree("diary")
    return f"/children/{child}/diary"


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(settings.photo_dir)


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def add(phone: Phone, diary: str, day: str = TODAY, note: str = NOTE) -> int:
    answer = phone.post(diary, {"day": day, "note": note})
    assert answer.status_code == 201, answer.text
    number: int = answer.json["id"]
    return number


def add_photo(phone: Phone, diary: str, day: str = TODAY, **fields: str) -> int:
    answer = send_photo(phone, f"{diary}/photos", day=day, **fields)
    assert answer.status_code == 201, answer.text
    number: int = answer.json["id"]
    return number


def test_nothing_is_told_or_taken_before_the_consent(
    phone: Phone, child: int, folder: Path
) -> None:
    diary = f"/children/{child}/diary"

    assert phone.get(diary).json == {"agreed": False, "month": None, "items": [], "earlier": None}
    for answer in (
        phone.post(diary, {"day": TODAY, "note": NOTE}),
        send_photo(phone, f"{diary}/photos", day=TODAY),
        phone.get(f"{diary}.zip"),
    ):
        assert (answer.status_code, code_of(answer)) == (403, "consent_needed")
        assert "成长日记" in answer.json["detail"]
    assert files(folder) == []


def test_a_note_is_written_changed_and_read(phone: Phone, diary: str) -> None:
    entry = add(phone, diary)
    assert add(phone, diary) == entry  # the answer was lost, the phone asks again

    read = phone.get(diary).json
    assert (read["agreed"], read["month"], read["earlier"]) == (True, "2026-11", None)
    (item,) = read["items"]
    assert (item["note"], item["photo"], item["mine"], item["version"]) == (NOTE, False, True, 1)

    changed = phone.put(f"{diary}/{entry}", {"note": " 会爬了 ", "version": 1})
    assert (changed.json["note"], changed.json["version"]) == ("会爬了", 2)
    again = phone.put(f"{diary}/{entry}", {"note": "会爬了", "version": 1})
    assert again.json["version"] == 2


def test_nobody_writes_over_what_they_have_not_seen(
    phone: Phone, diary: str, child: int, client: FlaskClient
) -> None:
    entry = add(phone, diary)
    father = Phone(client)
    father.agree()
    father.agree("diary")
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept")
    assert father.put(f"{diary}/{entry}", {"note": "爸爸写的", "version": 1}).status_code == 200

    answer = phone.put(f"{diary}/{entry}", {"note": "妈妈写的", "version": 1})

    assert (answer.status_code, code_of(answer)) == (409, "diary_changed")
    item = phone.get(diary).json["items"][0]
    assert (item["note"], item["mine"]) == ("爸爸写的", False)


def test_a_day_has_one_entry(phone: Phone, diary: str, folder: Path) -> None:
    add(phone, diary)

    other = phone.post(diary, {"day": TODAY, "note": "另外一句"})
    photo = send_photo(phone, f"{diary}/photos", day=TODAY)

    assert {code_of(other), code_of(photo)} == {"diary_day_taken"}
    assert files(folder) == []  # nothing remains of an upload that came to nothing


@pytest.mark.parametrize(
    ("day", "note", "code"),
    [
        ("2026-11-24", NOTE, "diary_day_out_of_range"),
        ("2026-03-09", NOTE, "diary_day_out_of_range"),
        (TODAY, "  \n ", "diary_empty"),
        (TODAY, "字" * 501, "validation_failed"),
        (TODAY, "坐\x00了", "validation_failed"),
        (TODAY, "坐\u202e了", "validation_failed"),
        ("gestern", NOTE, "validation_failed"),
    ],
)
def test_what_is_no_day_or_no_note_is_refused(
    phone: Phone, diary: str, day: str, note: str, code: str
) -> None:
    answer = phone.post(diary, {"day": day, "note": note})

    assert (answer.status_code, code_of(answer)) == (422, code)


def test_the_day_of_birth_and_five_hundred_characters_are_allowed(phone: Phone, diary: str) -> None:
    add(phone, diary, "2026-03-10", "字" * 500)


def test_months_are_read_one_after_the_other(phone: Phone, diary: str) -> None:
    for day in ("2026-04-30", "2026-05-01", "2026-09-30", "2026-11-02", "2026-11-20"):
        add(phone, diary, day, f"{day} 的事")

    newest = phone.get(diary).json
    assert [one["day"] for one in newest["items"]] == ["2026-11-20", "2026-11-02"]
    assert newest["earlier"] == "2026-09"
    may = phone.get(diary, month="2026-05").json
    assert ([one["day"] for one in may["items"]], may["earlier"]) == (["2026-05-01"], "2026-04")
    assert phone.get(diary, month="2026-04").json["earlier"] is None
    assert phone.get(diary, month="2026-08").json["items"] == []
    assert code_of(phone.get(diary, month="2026-13")) == "validation_failed"


def test_what_is_kept_of_a_photo_tells_no_place(
    app: Flask, phone: Phone, diary: str, folder: Path
) -> None:
    entry = add_photo(phone, diary, note=NOTE)

    for query in ({}, {"small": "true"}):
        answer = phone.get(f"{diary}/{entry}/photo", **query)
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert dict(opened(answer.data).getexif()) == {}
        assert PHONE_MODEL.encode() not in answer.data
    assert len(files(folder)) == 2
    for file in files(folder):
        assert b"Exif" not in file.read_bytes()
        assert b"JFIF" not in file.read_bytes()
    item = phone.get(diary).json["items"][0]
    assert (item["photo"], item["note"]) == (True, NOTE)


def test_a_photo_is_replaced_and_taken_away(
    app: Flask, phone: Phone, diary: str, folder: Path, sessions: Sessions, clock: FixedClock
) -> None:
    entry = add(phone, diary)
    assert send_photo(phone, f"{diary}/{entry}/photo").json["photo"] is True
    assert send_photo(phone, f"{diary}/{entry}/photo").json["version"] == 3
    jobs.drop(sessions, clock, parts_of(app).photos)
    assert len(files(folder)) == 2

    taken = phone.delete(f"{diary}/{entry}/photo").json

    assert (taken["photo"], taken["note"]) == (False, NOTE)
    jobs.drop(sessions, clock, parts_of(app).photos)
    assert files(folder) == []
    assert phone.get(f"{diary}/{entry}/photo").status_code == 404


def test_an_entry_is_never_left_empty(phone: Phone, diary: str) -> None:
    bare, both = add_photo(phone, diary), add_photo(phone, diary, "2026-11-22", note=NOTE)

    assert code_of(phone.delete(f"{diary}/{bare}/photo")) == "diary_empty"
    without = phone.put(f"{diary}/{both}", {"note": None, "version": 1})
    assert (without.status_code, without.json["note"]) == (200, None)
    assert code_of(phone.delete(f"{diary}/{both}/photo")) == "diary_empty"


def test_a_removed_day_comes_back_within_ten_minutes(
    phone: Phone, diary: str, clock: FixedClock
) -> None:
    entry = add_photo(phone, diary, note=NOTE)

    assert phone.delete(f"{diary}/{entry}").status_code == 204
    assert phone.delete(f"{diary}/{entry}").status_code == 204
    assert phone.get(diary).json["items"] == []
    assert phone.get(f"{diary}/{entry}/photo").status_code == 404
    assert phone.post(f"{diary}/{entry}/restore").json["note"] == NOTE
    assert phone.get(f"{diary}/{entry}/photo").status_code == 200

    phone.delete(f"{diary}/{entry}")
    clock.set(MORNING + timedelta(minutes=10, seconds=1))
    assert code_of(phone.post(f"{diary}/{entry}/restore")) == "diary_gone"


def test_a_day_may_be_written_again_after_it_was_removed(phone: Phone, diary: str) -> None:
    entry = add(phone, diary)
    phone.delete(f"{diary}/{entry}")

    assert add(phone, diary) != entry
    assert phone.post(f"{diary}/{entry}/restore").status_code == 404


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [
        (b"", "photo_missing", 422),
        (b"no photo", "photo_unreadable", 422),
        (phone_photo()[:3000], "photo_unreadable", 422),
        (b"\xff" * (5 * 1024 * 1024 + 1), "photo_too_large", 422),
        (b"\xff" * (LARGEST_UPLOAD + 1), "payload_too_large", 413),
    ],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(
    phone: Phone, diary: str, folder: Path, data: bytes, code: str, status: int
) -> None:
    answer = send_photo(phone, f"{diary}/photos", data, day=TODAY)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert files(folder) == []
    assert phone.get(diary).json["items"] == []


def test_a_form_without_a_photo_or_a_day_is_refused(phone: Phone, diary: str) -> None:
    assert code_of(phone.post(f"{diary}/photos", {"day": TODAY})) == "validation_failed"
    assert code_of(phone.post_form(f"{diary}/photos", {"day": TODAY})) == "photo_missing"
    assert code_of(send_photo(phone, f"{diary}/photos")) == "validation_failed"
    assert code_of(send_photo(phone, f"{diary}/photos", day=TODAY, x="y")) == "validation_failed"


def test_the_rest_of_the_api_takes_no_larger_bodies(phone: Phone, diary: str) -> None:
    answer = phone.post(diary, {"day": TODAY, "note": "字" * 1_000_000})

    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


def test_another_family_finds_nothing(phone: Phone, diary: str, client: FlaskClient) -> None:
    entry = add_photo(phone, diary)
    other = Phone(client)
    own = other.add_child()["id"]
    other.agree("diary")

    for path in (diary, f"/children/{own}/diary"):
        answers = [
            other.put(f"{path}/{entry}", {"note": NOTE, "version": 1}),
            other.delete(f"{path}/{entry}"),
            other.get(f"{path}/{entry}/photo"),
            other.delete(f"{path}/{entry}/photo"),
            other.post(f"{path}/{entry}/restore"),
            send_photo(other, f"{path}/{entry}/photo"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert other.get(diary).status_code == 404
    assert other.get(f"{diary}.zip").status_code == 404


def test_what_a_joined_registration_wrote_is_read_and_changed(
    phone: Phone, diary: str, sessions: Sessions, clock: FixedClock, client: FlaskClient
) -> None:
    second = acts.register(sessions, clock, acts.parent(sessions))
    acts.decide(sessions, clock, second, same=True)
    entry = add(phone, diary)
    with sessions.begin() as session:
        row = session.get_one(DiaryEntry, entry)
        row.child_id = second
    add(phone, diary, "2026-11-22", "另一天")

    assert len(phone.get(diary).json["items"]) == 2
    assert phone.put(f"{diary}/{entry}", {"note": "改过", "version": 1}).status_code == 200
    assert code_of(phone.post(diary, {"day": TODAY, "note": "再写"})) == "diary_day_taken"


def test_the_diary_goes_with_the_last_consent_and_not_before(
    app: Flask,
    phone: Phone,
    diary: str,
    child: int,
    folder: Path,
    client: FlaskClient,
    sessions: Sessions,
    clock: FixedClock,
) -> None:
    add_photo(phone, diary)
    father = Phone(client)
    father.agree()
    father.agree("diary")
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept")

    assert phone.delete("/consents/diary").status_code == 200
    assert phone.get(diary).json["agreed"] is False
    assert phone.get(f"/children/{child}/export").json["diary"] == []
    assert len(father.get(f"/children/{child}/export").json["diary"]) == 1
    assert len(father.get(diary).json["items"]) == 1

    assert father.delete("/consents/diary").status_code == 200
    jobs.drop(sessions, clock, parts_of(app).photos)
    with sessions() as session:
        assert session.scalars(select(DiaryEntry)).all() == []
    assert files(folder) == []


def test_who_leaves_takes_the_diary_along_if_nobody_else_agreed(
    phone: Phone, diary: str, child: int, client: FlaskClient, sessions: Sessions
) -> None:
    add(phone, diary)
    father = Phone(client)
    father.agree()
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept")

    assert phone.delete(f"/children/{child}").status_code == 204

    with sessions() as session:
        assert session.scalars(select(DiaryEntry)).all() == []


def test_with_the_child_its_photos_go(
    app: Flask,
    phone: Phone,
    diary: str,
    child: int,
    folder: Path,
    sessions: Sessions,
    clock: FixedClock,
) -> None:
    add_photo(phone, diary)
    assert phone.delete(f"/children/{child}").status_code == 204

    jobs.drop(sessions, clock, parts_of(app).photos)

    assert files(folder) == []


def test_the_whole_diary_is_taken_along(phone: Phone, diary: str) -> None:
    add_photo(phone, diary, "2026-11-20", note=NOTE)
    add(phone, diary, "2026-11-21", "第二天")
    removed = add(phone, diary, "2026-11-22", "不要了")
    phone.delete(f"{diary}/{removed}")

    answer = phone.get(f"{diary}.zip")

    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["日记.txt", "照片/2026-11-20-1.jpg"]
        text = archive.read("日记.txt").decode("utf-8-sig")
        assert opened(archive.read("照片/2026-11-20-1.jpg")).format == "JPEG"
    assert text.index(NOTE) < text.index("2026-11-21\n第二天")
    assert "不要了" not in text


def test_neither_words_nor_keys_are_in_the_logs(
    phone: Phone, diary: str, sessions: Sessions, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    entry = add_photo(phone, diary, note=NOTE)
    phone.get(f"{diary}/{entry}/photo")
    phone.put(f"{diary}/{entry}", {"note": NOTE * 50, "version": 1})

    logged = "".join(capsys.readouterr())
    with sessions() as session:
        key = session.scalars(select(DiaryEntry.photo_key)).one()
    assert "/api/v1/children/<int:child_id>/diary/photos" in logged
    assert NOTE[:6] not in logged
    assert key is not None
    assert key[:8] not in logged


def test_the_home_is_checked_by_age_and_the_last_result_is_there_again(
    phone: Phone, child: int, clock: FixedClock
) -> None:
    path = f"/children/{child}/home-check"
    first = phone.get(path).json
    items = {item["id"]: item for hazard in first["hazards"] for item in hazard["items"]}
    assert (first["agreed"], first["last"], first["today"]) == (False, None, TODAY)
    assert items["fall-walker"]["verified"] is False
    assert "未核对" in items["fall-walker"]["source"]
    assert "托育机构婴幼儿伤害预防指南" in items["fall-window"]["source"]
    assert {one["guide_slug"] for one in first["hazards"]} >= {"fang-zhixi", None}
    answers = {"fall-window": "not_yet", "choke-bed": "done", "fall-stairs": "not_here"}
    assert code_of(phone.put(path, {"answers": answers})) == "consent_needed"

    phone.agree("diary")
    assert phone.put(path, {"answers": {"fall-window": "done"}}).status_code == 200
    assert phone.put(path, {"answers": answers}).json == {"day": TODAY, "answers": answers}

    assert phone.get(path).json["last"] == {"day": TODAY, "answers": answers}
    clock.set(MORNING + timedelta(days=1))
    phone.put(path, {"answers": {"fall-window": "done"}})
    assert phone.get(path).json["last"]["answers"] == {"fall-window": "done"}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "home_check_empty"),
        ({"no-such": "done"}, "validation_failed"),
        ({"choke-bed": "perhaps"}, "validation_failed"),
        ({f"a-{number}": "done" for number in range(101)}, "validation_failed"),
    ],
)
def test_what_is_no_answer_is_refused(
    phone: Phone, child: int, answers: dict[str, str], code: str
) -> None:
    phone.agree("diary")
    answer = phone.put(f"/children/{child}/home-check", {"answers": answers})

    assert (answer.status_code, code_of(answer)) == (422, code)


def test_another_familys_home_is_not_found(phone: Phone, child: int, client: FlaskClient) -> None:
    other = Phone(client)
    other.add_child()
    other.agree("diary")
    path = f"/children/{child}/home-check"

    assert other.get(path).status_code == 404
    assert other.put(path, {"answers": {"choke-bed": "done"}}).status_code == 404
