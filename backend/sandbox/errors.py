"""WeChat's error codes of the endpoints here, in WeChat's words."""

from collections.abc import Mapping

ERRORS: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40036: "invalid template_id size",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40226: "code blocked",
    40243: "AppSecret is frozen",
    40249: "illegal content",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    42003: "code expired",
    43002: "require POST method",
    43004: "require subscribe",
    43019: "the user is in the blacklist",
    43101: "user refuse to accept the msg",
    43104: "appid does not match the openid",
    43107: "subscribe ability is banned",
    43108: "Cannot make concurrent calls to the same OpenID, please try again",
    43116: "this template is banned",
    44002: "empty post data",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45028: "has no masssend quota",
    45103: "invalid account type",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48002: "user block the message",
    48004: "api forbidden for irregularities",
    50005: "user unsubscribed",
    61003: "component is not authorized by this account",
    61004: "access clientip is not registered",
    61007: "api is unauthorized to component",
    61010: "code is expired",
    61450: "system error",
    87014: "risky content",
    89503: "this call requires the administrator's confirmation",
    89506: "the ip was refused by the administrator, retry after 24 hours",
    89507: "the ip was refused by the administrator, retry after 1 hour",
}


class WireError(Exception):
    """An answer of WeChat's with an errcode; `more` follows its usual sentence."""

    def __init__(self, errcode: int, more: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = f"{ERRORS.get(errcode, 'error')}{more}"
