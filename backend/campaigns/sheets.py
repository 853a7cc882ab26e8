"""What became of a campaign as a workbook: by town, numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from openpyxl import Workbook

from backend.bookings.sheets import Value, add_sheet, bytes_of
from backend.campaigns.expecting import in_tens
from backend.campaigns.models import Campaign
from backend.campaigns.results import Outcome, Result
from backend.campaigns.service import is_to_expecting
from backend.campaigns.words import STATE_TITLES

HEAD = ("街镇", "放入", "路上", "微信已发", "只在小程序", "失败", "不明", "已读")


def workbook(
    campaign: Campaign,
    outcome: Result,
    audience: Sequence[tuple[str, str]],
    town_name: Callable[[str], str],
) -> bytes:
    """Two sheets: 概况 and 按街镇."""
    made = Workbook(write_only=True)
    widths = (22, *[12] * (len(HEAD) - 1))
    add_sheet(made, "概况", (18, 60), _about(campaign, audience), headed=False)
    add_sheet(made, "按街镇", widths, _towns(outcome, town_name, _shown(campaign)))
    return bytes_of(made)


def _about(campaign: Campaign, audience: Sequence[tuple[str, str]]) -> Iterator[Sequence[Value]]:
    yield ("编号", campaign.id)
    yield ("标题", campaign.headline)
    yield ("正文", campaign.sentence)
    yield ("指南", campaign.guide_slug)
    yield ("状态", STATE_TITLES[campaign.state])
    yield ("计划时间", campaign.planned_at)
    yield ("开始", campaign.started_at)
    yield ("结束", campaign.ended_at)
    if campaign.expected is not None:
        yield ("提交时的家庭数", _shown(campaign)(campaign.expected))
    yield ()
    yield from audience


def _towns(
    outcome: Result, town_name: Callable[[str], str], shown: Callable[[int], Value]
) -> Iterator[Sequence[Value]]:
    yield HEAD
    for one in outcome.towns:
        if one.town_code:
            yield (town_name(one.town_code), *map(shown, _numbers(one)))
    yield ("合计", *map(shown, _numbers(outcome.total)))


def _numbers(one: Outcome) -> tuple[int, ...]:
    return (one.put, one.waiting, one.sent, one.in_app, one.failed, one.unknown, one.read)


def _shown(campaign: Campaign) -> Callable[[int], Value]:
    """Numbers stay numbers, where they may be told."""
    return in_tens if is_to_expecting(campaign) else lambda number: number
