"""The city's rules in words: what each setting is called, and what a new row changes."""

from dataclasses import fields

from backend.bookings.models import YearKind
from backend.bookings.rules import Policy

WORDS: dict[str, tuple[str, str]] = {  # name -> (what it is, unit)
    "opens_days": ("开始前多少天开放预约", "天"),
    "closes_minutes": ("开始前多久停止预约", "分钟"),
    "free_cancel_hours": ("开始前多久以内取消不退次数", "小时"),
    "eligible_under_months": ("服务到多大（不满）", "月龄"),
    "max_open": ("一个宝宝最多同时有几个没开始的预约", "个"),
    "warn_months": ("多久以内第一次未到只提醒、退还次数", "个月"),
    "pause_after": ("未到几次暂停预约", "次"),
    "pause_within_days": ("在多少天以内计算未到次数", "天"),
    "pause_days": ("暂停预约多久", "天"),
    "offer_minutes": ("候补家庭有多久时间接受", "分钟"),
    "no_offer_hours": ("开始前多久以内不再候补", "小时"),
    "held_until_hours": ("优先名额保留到开始前多久", "小时"),
    "reconfirm_hours": ("开始前多久没有再次确认就让给候补", "小时"),
    "year_kind": ("六次按哪一年计算", ""),
}
YEAR_KINDS = {YearKind.CALENDAR: "日历年（1 月 1 日起）", YearKind.BIRTHDAY: "宝宝的生日年"}


def value_in_words(policy: Policy, name: str) -> str:
    value = getattr(policy, name)
    if value is None:
        return "不要求"
    if isinstance(value, YearKind):
        return YEAR_KINDS[value]
    return f"{value} {WORDS[name][1]}"


def in_words(policy: Policy) -> list[tuple[str, str]]:
    """Every setting: (what it is, its value)."""
    return [(WORDS[field.name][0], value_in_words(policy, field.name)) for field in fields(Policy)]


def changes_in_words(before: Policy, after: Policy) -> list[str]:
    """What would be different, a sentence each."""
    return [
        f"{WORDS[name][0]}：{value_in_words(before, name)} → {value_in_words(after, name)}"
        for name in (field.name for field in fields(Policy))
        if getattr(before, name) != getattr(after, name)
    ]
