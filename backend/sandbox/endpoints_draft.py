"""cgi-bin/draft/*: articles before they are published."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from backend.sandbox.article_rules import checked_article, checked_articles
from backend.sandbox.config import Account
from backend.sandbox.errors import WireError
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, ok, posted

MOST_OF_A_PAGE = 20


@bp.route("/cgi-bin/draft/add", methods=["GET", "POST"])
def draft_add() -> Response:
    account = permitted()
    articles = checked_articles(posted().get("articles"), media_of(account))
    return answer({"media_id": sandbox().articles.add_draft(account.appid, articles), "item": []})


@bp.route("/cgi-bin/draft/get", methods=["GET", "POST"])
def draft_get() -> Response:
    draft = draft_of(permitted(), posted())
    return answer(
        {
            "news_item": [shown(article) for article in draft["articles"]],
            "create_time": int(draft["created_at"]),
            "update_time": int(draft["updated_at"]),
        }
    )


@bp.route("/cgi-bin/draft/update", methods=["GET", "POST"])
def draft_update() -> Response:
    """One article of a draft is replaced. Raises WireError 40007 or 40114."""
    account = permitted()
    body = posted()
    draft = draft_of(account, body)
    index, articles = body.get("index", 0), draft["articles"]
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(articles):
        raise WireError(40114)
    articles[index] = checked_article(body.get("articles"), media_of(account))
    sandbox().articles.change_draft(draft["media_id"], articles)
    return ok()


@bp.route("/cgi-bin/draft/delete", methods=["GET", "POST"])
def draft_delete() -> Response:
    draft = draft_of(permitted(), posted())
    sandbox().articles.delete_draft(draft["media_id"])
    return ok()


@bp.get("/cgi-bin/draft/count")
def draft_count() -> Response:
    return answer({"total_count": sandbox().articles.count_drafts(permitted().appid)})


@bp.route("/cgi-bin/draft/batchget", methods=["GET", "POST"])
def draft_batchget() -> Response:
    account = permitted()
    offset, count, bare = page_of(posted())
    drafts = sandbox().articles.drafts(account.appid, offset, count)
    return answer(
        {
            "total_count": sandbox().articles.count_drafts(account.appid),
            "item_count": len(drafts),
            "item": [
                {
                    "media_id": draft["media_id"],
                    "content": {"news_item": [shown(one, bare=bare) for one in draft["articles"]]},
                    "update_time": int(draft["updated_at"]),
                }
                for draft in drafts
            ],
        }
    )


def media_of(account: Account) -> Any:
    return lambda media_id, cover: sandbox().articles.has_media(
        account.appid, media_id, cover=cover
    )


def draft_of(account: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    """The draft with the `media_id`. Raises WireError 40007."""
    draft = sandbox().articles.draft(account.appid, body.get("media_id"))
    if draft is None:
        raise WireError(40007)
    return draft


def page_of(body: Mapping[str, Any]) -> tuple[int, int, bool]:
    """Offset, count, and whether the content is left out. Raises WireError 40097 or 47001."""
    offset, count = body.get("offset", 0), body.get("count")
    for number in (offset, count):
        if not isinstance(number, int) or isinstance(number, bool):
            raise WireError(47001)
    if offset < 0 or not isinstance(count, int) or not 1 <= count <= MOST_OF_A_PAGE:
        raise WireError(40097)
    return offset, count, body.get("no_content") in (1, True)


def shown(article: Mapping[str, Any], *, bare: bool = False) -> dict[str, Any]:
    """An article as WeChat gives it back."""
    content = {"content": ""} if bare else {}
    usual = {"url": "http://mp.weixin.qq.com/s/preview", "show_cover_pic": 0, "thumb_url": ""}
    return usual | dict(article) | content
