"""One message of a campaign to the city's own test family, in the words of the real one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.campaigns.models import Campaign
from backend.campaigns.service import draft_of, is_to_expecting, note_test
from backend.campaigns.words import EXPECTING_TEMPLATE, TEMPLATE, facts_of
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict
from backend.kernel.privacy import Vault
from backend.outbox import service as outbox
from backend.people import phones
from backend.people.children import children_of
from backend.people.scopes import Acting


class NoTestFamily(Conflict):
    code = "no_test_family"
    message = "还没有测试家庭"


def send_test(
    session: Session,
    clock: Clock,
    vault: Vault,
    campaign: Campaign,
    writer: Acting,
    *,
    phone: str | None,
) -> None:
    """Tell the parent with this phone now, of all their children; as often as it is asked.

    Staff have no WeChat of ours: a number that WeChat has verified is the proof that a family is
    the office's own. Raises NoTestFamily.
    """
    if phone is None:
        raise NoTestFamily("请维护人员设置 BACKEND_CAMPAIGN_TEST_PHONE")
    parent = phones.holder(session, vault, phone)
    if parent is None:
        raise NoTestFamily("设置的号码还没有在小程序里关联，请先用那部手机登录并关联手机号")
    facts = facts_of(campaign.id, draft_of(campaign).said)
    template = EXPECTING_TEMPLATE if is_to_expecting(campaign) else TEMPLATE
    own = [] if is_to_expecting(campaign) else children_of(session, parent)
    kids = [child.id for child in own if child.departure is None]
    told = [{"child_id": one, "items": [facts]} for one in kids]
    outbox.put(
        session,
        clock,
        key=f"campaign-test:{campaign.id}:{clock.now().timestamp()}",
        child_id=kids[0] if len(kids) == 1 else None,
        template=template,
        data={"children": told} if told else facts,
        parent_ids=[parent],
    )
    note_test(session, clock, campaign, writer)
