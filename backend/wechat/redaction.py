"""Texts of and about WeChat without tokens, secrets, codes and openids in them."""

import logging
import re

from backend.kernel.logs import redact as redact_general

# An openid is 28 characters and begins with o; some of WeChat's sentences quote it.
OPENID = re.compile(r"(?<![\w-])o[\w-]{27}(?![\w-])")
IN_JSON = re.compile(
    r"(\"(?:access_token|secret|code|js_code|openid|touser|unionid|session_key)\"\s*:\s*)\"[^\"]*\""
)


def redact(text: str) -> str:
    """The same text, fit for a log or an exception."""
    return OPENID.sub("[openid]", IN_JSON.sub(r'\1"…"', redact_general(text)))


class SecretsFilter(logging.Filter):
    """Redacts a record before any handler of any library sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True
