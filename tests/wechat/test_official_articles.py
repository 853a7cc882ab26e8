"""Pictures, drafts, publications and mass messages of public accounts."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backend.kernel.clock import FixedClock
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import MassStatus, PublishStatus
from tests.sandbox.running import BARE, CITY, CONFIG, NEWSPAPER
from tests.wechat.accounts import Accounts, article, city, picture, refusal

SENDALL = "/cgi-bin/message/mass/sendall"


@pytest.fixture
def cover(official: OfficialAccount) -> str:
    return official.add_image("cover.jpg", picture()).media_id


def test_pictures_are_kept_for_covers_and_for_articles(official: OfficialAccount) -> None:
    lasting = official.add_image("a.png", picture("PNG"), "image/png")
    thumb = official.add_image("b.jpg", picture(), thumb=True)
    inside = official.upload_article_image("c.jpg", picture())

    assert lasting.url.startswith("http://mmbiz.qpic.cn/")
    assert thumb.media_id != lasting.media_id
    assert inside.startswith("http://mmbiz.qpic.cn/")


def test_wrong_pictures_are_refused(accounts: Accounts, official: OfficialAccount) -> None:
    small = picture()
    assert refusal(lambda: official.add_image("a", small)) == 40005
    assert refusal(lambda: official.add_image("a.jpg", b"")) == 44001
    assert refusal(lambda: official.add_image("a.jpg", b"not a picture")) == 40005
    assert refusal(lambda: official.add_image("a.png", picture("PNG"), thumb=True)) == 40005
    assert refusal(lambda: official.add_image("a.jpg", small + b"x" * 65536, thumb=True)) == 40006
    assert refusal(lambda: official.upload_article_image("a.gif", picture("GIF"))) == 40137
    large = small + b"x" * 1024 * 1024
    assert refusal(lambda: official.upload_article_image("a.jpg", large)) == 40009
    client = accounts.client(CITY.appid)
    assert refusal(lambda: client.post("material/add_material", params={"type": "x"})) == 40004
    assert refusal(lambda: client.post("media/uploadimg", data={})) == 41005
    assert refusal(lambda: client.get("media/uploadimg")) == 43002


def test_a_draft_lives_until_it_is_deleted(official: OfficialAccount, cover: str) -> None:
    media_id = official.draft_add([article(cover), article(cover, title="第二篇")])
    official.draft_update(media_id, article(cover, title="改过的"), 1)

    assert [one["title"] for one in official.draft(media_id)] == ["春季活动", "改过的"]
    assert official.draft(media_id)[0]["digest"] == "周六上午九点，亲子阅读。"
    assert (official.draft_count(), official.draft_ids()) == (1, [media_id])
    official.draft_delete(media_id)
    assert official.draft_count() == 0
    assert refusal(lambda: official.draft(media_id)) == 40007


def test_foreign_pictures_and_scripts_are_taken_out(official: OfficialAccount, cover: str) -> None:
    own = official.upload_article_image("c.jpg", picture())
    content = f'<p>甲</p><script>x()</script><img src="https://example.org/a.jpg"><img src="{own}">'

    (kept,) = official.draft(official.draft_add([article(cover, content=content)]))

    assert kept["content"] == f'<p>甲</p><img src="{own}">'


WRONG_ARTICLES: list[tuple[dict[str, Any], int]] = [
    ({"title": "字" * 33}, 45003),
    ({"title": ""}, 45003),
    ({"author": "字" * 17}, 45110),
    ({"digest": "字" * 129}, 45004),
    ({"content": ""}, 44004),
    ({"content": "字" * 20_000}, 45002),
    ({"source_url": "https://example.org/" + "x" * 1024}, 45005),
    ({"cover": "none"}, 40007),
]


def test_each_wrong_article_has_its_code(official: OfficialAccount, cover: str) -> None:
    codes = [
        refusal(partial(official.draft_add, [article(cover, **changes)]))
        for changes, _ in WRONG_ARTICLES
    ]

    assert codes == [errcode for _, errcode in WRONG_ARTICLES]
    assert official.draft_count() == 0


def test_wrong_drafts_are_refused(official: OfficialAccount, cover: str) -> None:
    good = article(cover)
    media_id = official.draft_add([good])

    assert refusal(lambda: official.draft_add([])) == 44003
    assert refusal(lambda: official.draft_add([good] * 9)) == 45008
    assert refusal(lambda: official.draft_update(media_id, good, 1)) == 40114
    assert refusal(lambda: official.draft_update("none", good)) == 40007
    assert refusal(lambda: official.draft_ids(-1)) == 40097


@pytest.mark.parametrize("appid", [BARE.appid, CONFIG.appid])
def test_an_account_without_certification_can_neither_draft_nor_publish(
    accounts: Accounts, appid: str
) -> None:
    official = accounts.official(appid)

    assert refusal(lambda: official.add_image("a.jpg", picture())) == 48001
    assert refusal(lambda: official.draft_add([article("x")])) == 48001
    assert refusal(lambda: official.publish("x")) == 48001
    assert refusal(lambda: official.mass_send("x", client_id="a")) == 48001


def test_a_publication_runs_and_ends(
    accounts: Accounts, official: OfficialAccount, cover: str
) -> None:
    publish_id = official.publish(official.draft_add([article(cover), article(cover)]))
    assert official.publish_state(publish_id).status is PublishStatus.RUNNING
    accounts.ask("jobs")

    done = official.publish_state(publish_id)
    assert done.status is PublishStatus.PUBLISHED
    assert len(done.urls) == 2
    assert official.draft_count() == 0
    assert done.article_id is not None
    assert official.published_ids() == [done.article_id]
    assert [one["url"] for one in official.published(done.article_id)] == list(done.urls)
    assert len(accounts.pushes("PUBLISHJOBFINISH")) == 1
    official.unpublish(done.article_id, 1)
    assert [one["is_deleted"] for one in official.published(done.article_id)] == [True, False]
    official.unpublish(done.article_id)
    assert official.publish_state(publish_id).status is PublishStatus.DELETED


@pytest.mark.parametrize("status", [2, 3, 4])
def test_a_publication_can_fail_in_its_ways(
    accounts: Accounts, official: OfficialAccount, cover: str, status: int
) -> None:
    accounts.ask("outcomes", appid=CITY.appid, publish=status)
    publish_id = official.publish(official.draft_add([article(cover)]))
    accounts.ask("jobs")

    failed = official.publish_state(publish_id)
    assert (failed.status, failed.article_id, failed.failed) == (status, None, (1,))


def test_publications_that_never_begin(
    accounts: Accounts, official: OfficialAccount, cover: str
) -> None:
    media_id = official.draft_add([article(cover)])
    for errcode in (53503, 53504, 53505):
        accounts.ask("outcomes", appid=CITY.appid, publish=errcode)
        assert refusal(lambda: official.publish(media_id)) == errcode

    assert refusal(lambda: official.publish("none")) == 40007
    assert refusal(lambda: official.publish_state("none")) == 53600
    assert refusal(lambda: official.published("none")) == 53600
    assert official.draft_count() == 1


def test_a_mass_message_reaches_every_follower_once(
    accounts: Accounts, official: OfficialAccount, cover: str
) -> None:
    accounts.openid(1)
    accounts.openid(2)
    media_id = official.draft_add([article(cover)])
    official.mass_preview(media_id, accounts.openid(1))
    sent = official.mass_send(media_id, client_id="news-1")
    assert official.mass_state(sent.msg_id) is MassStatus.SENDING
    accounts.ask("jobs")

    again = official.mass_send(official.draft_add([article(cover)]), client_id="news-1")
    assert (again.msg_id, again.repeated) == (sent.msg_id, True)
    assert official.mass_state(sent.msg_id) is MassStatus.SENT
    assert [accounts.chat(phone)["total"] for phone in (1, 2, 3)] == [2, 1, 0]
    assert accounts.chat(2)["lines"][0]["articles"][0]["title"] == "春季活动"
    assert len(accounts.pushes("MASSSENDJOBFINISH")) == 1
    official.mass_delete(sent.msg_id)
    assert official.mass_state(sent.msg_id) is MassStatus.DELETED


def test_a_person_gets_four_mass_messages_a_month(
    accounts: Accounts, official: OfficialAccount, cover: str, clock: FixedClock
) -> None:
    people = [accounts.openid(1), accounts.openid(2)]
    for number in range(5):
        official.mass_send(official.draft_add([article(cover)]), client_id=f"n{number}", to=people)
    accounts.ask("jobs")
    assert accounts.chat(1)["total"] == 4

    for number in range(4):
        official.mass_send(official.draft_add([article(cover)]), client_id=f"all{number}")
    media_id = official.draft_add([article(cover)])
    assert refusal(lambda: official.mass_send(media_id, client_id="all5")) == 45028
    clock.advance(timedelta(days=8))  # December

    assert official.mass_send(media_id, client_id="all5").repeated is False


def test_a_subscription_account_sends_once_a_day(accounts: Accounts, clock: FixedClock) -> None:
    paper = accounts.official(NEWSPAPER.appid)
    cover = paper.add_image("cover.jpg", picture()).media_id
    media_id = paper.draft_add([article(cover)])
    paper.mass_send(paper.draft_add([article(cover)]), client_id="a")

    assert refusal(lambda: paper.mass_send(media_id, client_id="b")) == 45028
    assert refusal(lambda: paper.mass_send(media_id, client_id="b", to=["x", "y"])) == 48001
    clock.advance(timedelta(days=1))
    assert paper.mass_send(media_id, client_id="b").repeated is False


def test_a_mass_message_can_fail_as_a_whole(
    accounts: Accounts, official: OfficialAccount, cover: str
) -> None:
    accounts.openid(1)
    accounts.ask("outcomes", appid=CITY.appid, mass="err(20013)")
    sent = official.mass_send(official.draft_add([article(cover)]), client_id="a")
    accounts.ask("jobs")

    assert official.mass_state(sent.msg_id) is MassStatus.FAILED
    assert accounts.chat(1)["total"] == 0


def test_wrong_mass_messages_are_refused(
    accounts: Accounts, official: OfficialAccount, cover: str
) -> None:
    media_id = official.draft_add([article(cover)])
    known, stranger = accounts.openid(1, follow=False), "o" + "x" * 27
    client = accounts.client(CITY.appid)

    def sendall(**body: Any) -> int:
        return refusal(lambda: client.post("message/mass/sendall", data=body))

    to_all = {"filter": {"is_to_all": True}}
    assert refusal(lambda: official.mass_send("none", client_id="a")) == 40007
    assert refusal(lambda: official.mass_send(media_id, client_id="x" * 65)) == 45067
    assert refusal(lambda: official.mass_send(media_id, client_id="a", to=[known])) == 40032
    both = [known, stranger]
    assert refusal(lambda: official.mass_send(media_id, client_id="a", to=both)) == 40031
    assert refusal(lambda: official.mass_preview(media_id, stranger)) == 40003
    assert refusal(lambda: official.mass_preview(media_id, known)) == 43004
    assert refusal(lambda: official.mass_state(99)) == 40059
    assert sendall(msgtype="mpnews") == 47001
    assert sendall(filter={"is_to_all": False, "tag_id": 7}, msgtype="text") == 40050
    assert sendall(**to_all, msgtype="voice", voice={"media_id": "x"}) == 40008
    assert sendall(**to_all, msgtype="text", text={"content": ""}) == 44004
    assert sendall(**to_all, msgtype="image", image={"media_id": "x"}) == 40007
    assert sendall(**to_all, msgtype="text", text={"content": "好"}, clientmsgid=7) == 47001


def test_mass_sending_has_a_minute_rate_and_a_speed(tmp_path: Path, clock: FixedClock) -> None:
    with city(tmp_path, clock, limits={"mass_sends_per_minute": 1}) as accounts:
        official, people = accounts.official(), [accounts.openid(1), accounts.openid(2)]
        cover = official.add_image("cover.jpg", picture()).media_id
        official.mass_send(official.draft_add([article(cover)]), client_id="a", to=people)
        media_id = official.draft_add([article(cover)])

        assert refusal(lambda: official.mass_send(media_id, client_id="b", to=people)) == 45011
        client = accounts.client(CITY.appid)
        assert client.post("message/mass/speed/get", data={})["realspeed"] == 15
