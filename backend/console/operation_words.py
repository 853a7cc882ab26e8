"""运行 in words: what a failure means and what to do, why something is paused, what a task does."""

from collections.abc import Mapping
from datetime import timedelta

from backend.console import words
from backend.outbox.messenger import WHOLE_ACCOUNT_CODES, FailureKind, kind_of
from backend.outbox.models import MessageState, PauseReason

PAUSE_REASONS: Mapping[PauseReason, str] = {
    PauseReason.OPERATOR: "有人按了暂停",
    PauseReason.CONFIG: "微信不接受这里的设置，改好以后要人来恢复",
    PauseReason.MINUTE_RATE: "这一分钟发得太多，下一分钟自己恢复",
    PauseReason.DAY_QUOTA: "今天的次数用完了，零点自己恢复",
    PauseReason.TOKEN: "微信不认访问凭证，过一分钟自己再试",
    PauseReason.OUTAGE: "微信的服务不正常，过一会儿自己再试",
}
TO_DO: Mapping[FailureKind, str] = {
    FailureKind.TRANSIENT: "一般不用管；一直有，就看微信的服务公告和服务器的网络",
    FailureKind.PER_USER: "不用管；同一个家庭一天里收到太多，就减少群发",
    FailureKind.MINUTE_RATE: "不用管，会自己慢下来；常见就设 BACKEND_SEND_MINUTE_LIMIT",
    FailureKind.DAY_QUOTA: "明天自己接着发；常见就在微信后台申请提高次数",
    FailureKind.TOKEN: "核对 AppSecret；别的系统若也用这个账号取凭证，让它改用稳定版接口",
    FailureKind.RECIPIENT: "不用管，家长在小程序里看得到",
    FailureKind.USER_REDO: "不用管，家长下次打开小程序就好",
    FailureKind.CONTENT: "照原文里的字段名，核对微信后台的模板和我们的字段",
}
TO_DO_ACCOUNT = "核对账号的密钥、IP 白名单和接口权限，改好后在这里恢复"
TO_DO_TEMPLATE = "核对微信后台的模板编号、页面路径和关键词，改好后在这里恢复"
TO_DO_UNKNOWN = "可能已经送到，不会自动重发；一下子多起来，就看网络和处理进程是否中断过"
TO_DO_NO_CODE = "到“消息”里看原文，交给维护人员"
KINDS: Mapping[str, str] = {"web": "网页和接口", "worker": "处理进程", "scheduler": "定时进程"}
TASKS: Mapping[str, str] = {
    "plan_handbook": "排当天的手册提醒",
    "draw_up_statements": "起草上个月的结算单",
    "purge": "删除到期的记录",
    "sweep_photos": "清理没有主的照片",
    "check_counters": "核对时段的名额",
    "ask_accounts": "向微信问账号的权限",
}


def meaning(state: MessageState, errcode: int | None) -> str:
    return words.failure(errcode, unknown=state is MessageState.UNKNOWN)


def to_do(state: MessageState, errcode: int | None) -> str:
    if state is MessageState.UNKNOWN:
        return TO_DO_UNKNOWN
    if errcode is None:
        return TO_DO_NO_CODE
    kind = kind_of(errcode)
    if kind is FailureKind.CONFIG:
        return TO_DO_ACCOUNT if errcode in WHOLE_ACCOUNT_CODES else TO_DO_TEMPLATE
    return TO_DO[kind]


def span(length: timedelta) -> str:
    """How long something has waited, as one would say it."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    hours = minutes // 60
    return f"{hours} 小时" if hours < 48 else f"{hours // 24} 天"
