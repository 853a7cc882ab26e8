"""What was said to a parent, what they let us say in WeChat, and by which way the rest comes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, StringConstraints

from backend.accounts.next_channel import carrier_for
from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Id, Out, PageQuery
from backend.deps import deps
from backend.kernel.errors import Invalid
from backend.outbox import ledger, queries, service
from backend.outbox.forms import FormKind
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


class SubscriptionKind(StrEnum):
    """wx.requestSubscribeMessage fails when one call asks for both."""

    ONE_TIME = "one_time"  # a message for each yes
    LONG_TERM = "long_term"  # any number after one yes


KINDS: Mapping[FormKind, SubscriptionKind] = {
    "once": SubscriptionKind.ONE_TIME,
    "long": SubscriptionKind.LONG_TERM,
}


class OtherMessageOut(Out):
    """A message that the mini-program does not send as a notice of WeChat's.

    `account_name`: the 公众号 by which this parent gets it; null: the list in the app alone.
    """

    name: str
    title: str
    account_name: str | None


class SubscriptionOut(OtherMessageOut):
    """A template that we may ask for.

    `balance`: how many more may be sent; of a long-term one, whether any may. `account_name`:
    the 公众号 by which it comes when WeChat lets the mini-program send no more.
    """

    template_id: str
    why: str
    kind: SubscriptionKind
    balance: int


class SubscriptionsOut(Out):
    """Each message that we send stands in one of the two lists."""

    templates: list[SubscriptionOut]
    others: list[OtherMessageOut]


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
    """The templates worth asking for, how many of each may still be sent, and the other ways."""
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
    mini, registry, templates = deps().settings.wechat_appid, deps().registry, deps().templates
    with deps().reads() as session:
        left = ledger.balances(session, appid=mini, parent_id=viewer())
        carrier = carrier_for(session, viewer(), registry.forms)
    forms = registry.forms(mini)
    asked, others = [], []
    for name in templates:
        template = templates[name]
        by = carrier.name if carrier and name in carrier.messages else None
        form, words = forms.get(name), template.wechat
        kind = form and KINDS.get(form.kind)
        if form is None or kind is None or words is None:
            others.append(OtherMessageOut(name=name, title=template.title, account_name=by))
            continue
        asked.append(
            SubscriptionOut(
                template_id=form.template_id,
                name=name,
                title=form.title,
                why=words.why,
                kind=kind,
                balance=left.get(form.template_id, 0),
                account_name=by,
            )
        )
    return SubscriptionsOut(templates=asked, others=others)
