"""Days and times as the staff of the city read them."""

from datetime import date, datetime, timedelta

from backend.kernel.clock import city_time

WEEKDAYS = "一二三四五六日"
NEAR = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}


def day(value: date, today: date) -> str:
    """今天 · 11月23日 周一; another year is named."""
    text = f"{value.month}月{value.day}日 周{WEEKDAYS[value.weekday()]}"
    if value.year != today.year:
        text = f"{value.year}年{text}"
    near = NEAR.get((value - today) // timedelta(days=1))
    return f"{near} · {text}" if near else text


def clock_time(instant: datetime) -> str:
    return f"{city_time(instant):%H:%M}"


def moment(instant: datetime) -> str:
    """11月23日 10:03 on the city's clock."""
    local = city_time(instant)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
