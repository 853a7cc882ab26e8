"""The page of the sandbox, a phone in one's hand and what happened behind it; and articles."""

import re

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.sandbox.errors import ERRORS
from backend.sandbox.state import sandbox

bp = Blueprint(
    "page",
    __name__,
    url_prefix="/sandbox",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

OWN_PICTURE = re.compile(r"https?://mmbiz\.qpic\.cn/sandbox/([\w-]+)/0")

PATHS = {
    "/cgi-bin/message/subscribe/send": "发送订阅消息",
    "/cgi-bin/stable_token": "获取令牌",
    "/sns/jscode2session": "登录",
    "/wxa/business/getuserphonenumber": "获取手机号",
    "/cgi-bin/user/info": "查询关注",
    "/cgi-bin/user/info/batchget": "成批查询关注",
    "/cgi-bin/user/get": "关注的人的名单",
    "/cgi-bin/message/template/send": "发送模板消息",
    "/cgi-bin/message/subscribe/bizsend": "发送订阅通知",
    "/wxa/getwxacodeunlimit": "小程序码",
    "/cgi-bin/qrcode/create": "带参数二维码",
    "/cgi-bin/material/add_material": "上传图片素材",
    "/cgi-bin/media/uploadimg": "上传正文图片",
    "/cgi-bin/draft/add": "新建草稿",
    "/cgi-bin/freepublish/submit": "发布",
    "/cgi-bin/freepublish/get": "查询发布结果",
    "/cgi-bin/message/mass/sendall": "群发",
    "/cgi-bin/message/mass/get": "查询群发结果",
    "/cgi-bin/message/custom/send": "客服消息",
    "/cgi-bin/menu/create": "设置菜单",
    "/wxa/msg_sec_check": "文本检查",
    "*": "所有接口",
}


@bp.get("/")
def home() -> str:
    return render_template("sandbox.html", paths=PATHS, errors=ERRORS)


@bp.get("/articles/<article_id>/<int:number>")
def article(article_id: str, number: int) -> ResponseReturnValue:
    """A published or mass-sent article as a reader has it. Its pictures come from here."""
    found = sandbox().articles.any_article(article_id, number)
    if found is None or found.get("is_deleted"):
        return render_template("article.html", article=None), 404
    content = OWN_PICTURE.sub(r"/sandbox/api/pictures/\1", found["content"])
    return render_template("article.html", article=found, content=content)


@bp.get("")
def without_slash() -> ResponseReturnValue:
    return redirect(url_for("page.home"))
