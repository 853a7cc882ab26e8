"""How far the comparison of an account's followers with WeChat is, in sentences."""

from datetime import datetime

from backend.accounts.comparing import Standing
from backend.console import words

WAITS = {
    45009: "微信接口今天的次数用完了",
    48001: "微信没有给这项权限",
    48004: "这项权限被微信封禁",
    45103: "这类账号没有这项权限",
}


def compared_words(standing: Standing, now: datetime) -> list[str]:
    """Empty for an account of which nothing is compared."""
    row = standing.row
    if row is None:
        return []
    said = []
    if row.compared_at is None:
        said.append("还没有和微信核对完")
    else:
        said.append(f"上次和微信核对：{words.moment(row.compared_at)}")
    if row.finished_at is None:
        of = f"/{row.total}" if row.total else ""
        said.append(f"正在核对：{row.listed}{of} 人")
    elif row.came or row.missing:
        said.append(f"补上 {row.came} 人，名单里没有的 {row.missing} 人")
    if standing.unasked:
        said.append(f"还有 {standing.unasked} 人等着问微信是谁")
    waits = (row.list_after if row.finished_at is None else None, row.ask_after)
    until = max((one for one in waits if one is not None and one > now), default=None)
    if row.errcode is not None and until is not None:
        why = WAITS.get(row.errcode, "微信暂时没有回答")
        said.append(f"{why}（{row.errcode}），{words.moment(until)} 再继续")
    return said
