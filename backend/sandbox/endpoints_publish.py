"""cgi-bin/freepublish/*: a draft becomes an article, not at once and not always."""

from typing import Any

from flask import Response

from backend.sandbox.articles import REFUSALS, RUNNING
from backend.sandbox.config import Account
from backend.sandbox.endpoints_draft import draft_of, page_of, shown
from backend.sandbox.errors import WireError
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, ok, posted


@bp.route("/cgi-bin/freepublish/submit", methods=["GET", "POST"])
def freepublish_submit() -> Response:
    """Says only that it has begun. Raises WireError 40007, or what the page has chosen."""
    here = sandbox()
    account = permitted()
    draft = draft_of(account, posted())
    outcome = here.articles.outcome(account.appid)
    if outcome in REFUSALS:
        raise WireError(outcome)
    with here.store.change():
        here.articles.delete_draft(draft["media_id"])
        job = {"articles": draft["articles"], "outcome": outcome}
        publish_id = here.jobs.start(account.appid, "publish", job)
    return ok(publish_id=str(publish_id), msg_data_id=str(publish_id))


@bp.route("/cgi-bin/freepublish/get", methods=["GET", "POST"])
def freepublish_get() -> Response:
    account = permitted()
    publish_id = posted().get("publish_id")
    job = sandbox().jobs.get(account.appid, "publish", publish_id)
    if job is None:
        raise WireError(53600)
    if job["state"] == "running":
        return answer({"publish_id": str(publish_id), "publish_status": RUNNING, "fail_idx": []})
    result = {"fail_idx": []} | job["result"]
    return answer(result | _taken_off(account, result))


def _taken_off(account: Account, result: dict[str, Any]) -> dict[str, Any]:
    """Status 5 once every article has been deleted."""
    published = sandbox().articles.published(account.appid, result.get("article_id"))
    if published is None or not all(one.get("is_deleted") for one in published["articles"]):
        return {}
    return {"publish_status": 5}


@bp.route("/cgi-bin/freepublish/delete", methods=["GET", "POST"])
def freepublish_delete() -> Response:
    """`index` from 1 takes one article off; 0 or none takes all."""
    account = permitted()
    body = posted()
    published = published_of(account, body)
    index = body.get("index", 0)
    if not isinstance(index, int) or not 0 <= index <= len(published["articles"]):
        raise WireError(40114)
    sandbox().articles.delete_published(published["article_id"], index)
    return ok()


@bp.route("/cgi-bin/freepublish/getarticle", methods=["GET", "POST"])
def freepublish_getarticle() -> Response:
    published = published_of(permitted(), posted())
    items = [{"is_deleted": False} | shown(article) for article in published["articles"]]
    return answer({"news_item": items})


@bp.route("/cgi-bin/freepublish/batchget", methods=["GET", "POST"])
def freepublish_batchget() -> Response:
    account = permitted()
    offset, count, bare = page_of(posted())
    found = sandbox().articles.all_published(account.appid, offset, count)
    items = [
        {
            "article_id": one["article_id"],
            "content": {"news_item": [shown(article, bare=bare) for article in one["articles"]]},
            "update_time": int(one["at"]),
        }
        for one in found
    ]
    total = sandbox().articles.count_published(account.appid)
    return answer({"total_count": total, "item_count": len(items), "item": items})


def published_of(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """The articles with the `article_id`. Raises WireError 53600."""
    published = sandbox().articles.published(account.appid, body.get("article_id"))
    if published is None:
        raise WireError(53600)
    return published
