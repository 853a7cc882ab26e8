"""Publishing and mass sending as outreach wants it: our client's failures in its three words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from backend.outreach.article_html import ReadyArticle
from backend.outreach.models import Way
from backend.outreach.rules import PUBLISH_PROBLEMS
from backend.outreach.running import JobState, NotSent, Refused, Unsure
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import Article, MassStatus, PublishStatus
from backend.wechat.transport import NeverSent, NoAnswer

BUSY = frozenset({-1, 45011})
Value = TypeVar("Value")


class WeChatPublisher:
    def __init__(self, client: AccountClient) -> None:
        self._account = OfficialAccount(client)

    def prepare(self, articles: Sequence[ReadyArticle]) -> str:
        return _told(lambda: self._account.draft_add([self._article(one) for one in articles]))

    def send(self, way: Way, media_id: str, client_id: str) -> str:
        if way is Way.PUBLISH:
            return _told(lambda: self._account.publish(media_id))
        sent = _told(lambda: self._account.mass_send(media_id, client_id=client_id))
        return str(sent.msg_id)

    def state(self, way: Way, remote_id: str) -> JobState:
        if way is Way.MASS:
            mass = _told(lambda: self._account.mass_state(int(remote_id)))
            return {
                MassStatus.SENDING: JobState(None),
                MassStatus.SENT: JobState(True),
                MassStatus.FAILED: JobState(False, "微信没有发送成功"),
                MassStatus.DELETED: JobState(False, "已在公众平台删除"),
            }[mass]
        found = _told(lambda: self._account.publish_state(remote_id))
        if found.status is PublishStatus.RUNNING:
            return JobState(None)
        good = found.status is PublishStatus.PUBLISHED
        return JobState(good, PUBLISH_PROBLEMS.get(found.status, ""), found.urls)

    def _article(self, one: ReadyArticle) -> Article:
        cover = self._account.add_image("cover.jpg", one.cover)

        def address_of(name: str, png: bytes) -> str:
            return self._account.upload_article_image(f"{name}.png", png, "image/png")

        return Article(
            title=one.title,
            content=one.with_addresses(address_of),
            cover=cover.media_id,
            author=one.author,
            digest=one.digest,
            source_url=one.source_url,
        )


def _told(call: Callable[[], Value]) -> Value:
    """Raises Refused, NotSent or Unsure."""
    try:
        return call()
    except WeChatRefused as error:
        errcode = int(error.errcode)
        failure: Exception = NotSent(str(errcode)) if errcode in BUSY else Refused(errcode)
    except (TokenUnavailable, NeverSent):
        failure = NotSent("not reached")
    except (NoAnswer, BadAnswer):
        failure = Unsure()
    raise failure
