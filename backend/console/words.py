"""Days, times and failures as the staff of the city read them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from backend.kernel.clock import city_time
from backend.outbox.messenger import FailureKind, kind_of

WEEKDAYS = "一二三四五六日"
NEAR = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
FAILURES: Mapping[FailureKind, str] = {
    FailureKind.TRANSIENT: "微信一时忙不过来，重试几次都没有成功",
    FailureKind.PER_USER: "发给这位家长的消息太密，重试几次都没有成功",
    FailureKind.MINUTE_RATE: "一分钟里发得太多，重试几次都没有成功",
    FailureKind.DAY_QUOTA: "当天的发送次数用完了，重试几次都没有成功",
    FailureKind.TOKEN: "微信不认可访问凭证，请核对小程序的密钥",
    FailureKind.RECIPIENT: "家长没有订阅，或不再接收，微信不能发",
    FailureKind.USER_REDO: "家长的授权已失效，要重新打开小程序",
    FailureKind.CONTENT: "内容不合微信模板的要求，请核对模板的字段",
    FailureKind.CONFIG: "微信没有接受，请核对小程序在微信后台的设置",
}


def day(value: date, today: date) -> str:
    """今天 · 11月23日 周一; another year is named."""
    text = f"{value.month}月{value.day}日 周{WEEKDAYS[value.weekday()]}"
    if value.year != today.year:
        text = f"{value.year}年{text}"
    near = NEAR.get((value - today) // timedelta(days=1))
    return f"{near} · {text}" if near else text


def long_day(value: date) -> str:
    """2026年11月23日: for what counts for years."""
    return f"{value.year}年{value.month}月{value.day}日"


def clock_time(instant: datetime) -> str:
    return f"{city_time(instant):%H:%M}"


def moment(instant: datetime) -> str:
    """11月23日 10:03 on the city's clock."""
    local = city_time(instant)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def failure(errcode: int | None, *, unknown: bool) -> str:
    """Why a message did not arrive. `errcode` is WeChat's; None when it gave none."""
    if unknown:
        return "发出后没有得到微信的明确答复"
    if errcode is None:
        return "没有发出去，请让维护人员看原文"
    return FAILURES[kind_of(errcode)]
