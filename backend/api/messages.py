"""What was said to a parent, and what they let us say in WeChat."""

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, StringConstraints

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Id, Out, PageQuery
from backend.deps import deps
from backend.kernel.errors import Invalid
from backend.outbox import ledger, queries, service
from backend.outbox.ledger import Answer

MOST_TEMPLATES = 3  # wx.requestSubscribeMessage asks for three at most

bp = APIBlueprint("messages", __name__, tag="消息")

TemplateId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class MessageOut(Out):
    """`page` is a path of the mini-program; `wechat` is the message's way to WeChat."""

    id: int
    kind: str
    title: str
    body: str
    page: str | None
    created_at: CityTime
    read_at: CityTime | None
    wechat: Literal["sent", "waiting", "in_app", "unknown", "failed"]


class MessagesOut(Out):
    items: list[MessageOut]
    next: str | None = None
    unread: int


class ReadIn(Body):
    ids: Annotated[list[Id], Field(min_length=1, max_length=200)]


class SubscriptionOut(Out):
    """A template that we may ask for; `balance`: how many more may be sent."""

    template_id: str
    name: str
    title: str
    why: str
    balance: int


class SubscriptionsOut(Out):
    templates: list[SubscriptionOut]


class AnswersIn(Body):
    """What `wx.requestSubscribeMessage` answered, by template id."""

    results: Annotated[dict[TemplateId, Answer], Field(min_length=1, max_length=MOST_TEMPLATES)]


@bp.get("/messages")
@signed_in
@bp.input(PageQuery, location="query")
@bp.output(MessagesOut)
def list_messages(query_data: PageQuery) -> MessagesOut:
    """Everything that was said to this parent, newest first, whatever WeChat did with it."""
    wording = queries.Wording(deps().templates, deps().vault)
    with deps().reads() as session:
        page = queries.messages_of(
            session,
            deps().clock,
            wording,
            parent_id=viewer(),
            after=query_data.after,
            limit=query_data.limit,
        )
        unread = queries.unread_count(session, deps().clock, parent_id=viewer())
    items = [MessageOut.model_validate(item) for item in page.items]
    return MessagesOut(items=items, next=page.next, unread=unread)


@bp.post("/messages/read")
@signed_in
@bp.input(ReadIn)
@bp.doc(responses={204: "Done"})
def read_messages(json_data: ReadIn) -> Response:
    """Mark messages as read. Ids of others change nothing."""
    with deps().sessions.begin() as session:
        service.mark_read(session, deps().clock, parent_id=viewer(), ids=json_data.ids)
    return Response(status=204)


@bp.get("/subscriptions")
@signed_in
@bp.output(SubscriptionsOut)
def list_subscriptions() -> SubscriptionsOut:
    """The templates worth asking for, and how many of each may still be sent."""
    return _subscriptions()


@bp.post("/subscriptions")
@signed_in
@bp.input(AnswersIn)
@bp.output(SubscriptionsOut)
@bp.doc(responses={422: "More than three, or a template that we do not have"})
def report_subscriptions(json_data: AnswersIn) -> SubscriptionsOut:
    """Tell what the parent answered. Telling it again changes nothing."""
    unknown = set(json_data.results) - set(deps().template_ids.values())
    if unknown:
        raise Invalid("没有这个消息模板，请更新小程序")
    with deps().sessions.begin() as session:
        ledger.report_answers(
            session,
            deps().clock,
            appid=deps().settings.wechat_appid,
            parent_id=viewer(),
            answers=json_data.results,
        )
    return _subscriptions()


def _subscriptions() -> SubscriptionsOut:
    settings, templates, ids = deps().settings, deps().templates, deps().template_ids
    with deps().reads() as session:
        left = ledger.balances(session, appid=settings.wechat_appid, parent_id=viewer())
    forms = {name: templates[name].wechat for name in templates}
    return SubscriptionsOut(
        templates=[
            SubscriptionOut(
                template_id=ids[name],
                name=name,
                title=form.title,
                why=form.why,
                balance=left.get(ids[name], 0),
            )
            for name, form in forms.items()
            if form is not None and name in ids
        ]
    )
