"""The one page of the sandbox: a phone in one's hand, and what happened behind it."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.sandbox.errors import ERRORS

bp = Blueprint(
    "page",
    __name__,
    url_prefix="/sandbox",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

PATHS = {
    "/cgi-bin/message/subscribe/send": "发送订阅消息",
    "/cgi-bin/stable_token": "获取令牌",
    "/sns/jscode2session": "登录",
    "/wxa/business/getuserphonenumber": "获取手机号",
    "/cgi-bin/user/info": "查询关注",
    "*": "所有接口",
}


@bp.get("/")
def home() -> str:
    return render_template("sandbox.html", paths=PATHS, errors=ERRORS)


@bp.get("")
def without_slash() -> ResponseReturnValue:
    return redirect(url_for("page.home"))
