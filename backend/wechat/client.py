"""wechatpy's client with what it lacks: stable tokens, a lock, time-outs, one retry.

wechatpy 1.8.18 retries a refused token for ever, fetches one token per thread when cold and
has no time-outs; it gets no more fixes, so the gaps are closed here.
"""

import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from urllib3.filepost import encode_multipart_formdata
from wechatpy import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import WeChatClientException

from backend.kernel.clock import Clock
from backend.kernel.metrics import TOKENS
from backend.wechat.redaction import redact
from backend.wechat.tokens import StoredToken, TokenStore
from backend.wechat.transport import WECHAT, Answer, Transport, TransportFailure

TOKEN_REFUSED = frozenset({40001, 40014, 42001})
# stable_token renews in the last five minutes of a token; from then on ours asks again.
RENEW_BEFORE = timedelta(minutes=5)
SHORTEST_LIFE = timedelta(minutes=1)

log = structlog.get_logger()


class WeChatRefused(WeChatClientException):  # type: ignore[misc]  # wechatpy has no types
    """WeChat answered with an error code. Carries no request, no client, no secret.

    `msg_id`: the message that is there already, when 45065 refuses a second one.
    """

    def __init__(self, errcode: int, errmsg: str, msg_id: int | None = None) -> None:
        super().__init__(errcode, redact(errmsg))
        self.msg_id = msg_id


class BadAnswer(Exception):
    """An HTTP status other than 200, or a body that is not what the call gives."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class TokenUnavailable(Exception):
    """No access token could be had, so the call itself was never made.

    `errcode` is WeChat's, or None when WeChat did not answer usably.
    """

    def __init__(self, reason: str, errcode: int | None = None) -> None:
        super().__init__(reason)
        self.errcode = errcode


class Wxa(WeChatWxa):  # type: ignore[misc]  # wechatpy has no types
    """The mini-program calls that wechatpy lacks or makes wrongly."""

    def code_to_session(self, js_code: str) -> dict[str, Any]:
        """Redeem a `wx.login` code: `{openid, session_key, unionid?}`. Needs no token."""
        answer: dict[str, Any] = self._get(
            "sns/jscode2session",
            params={
                "appid": self.appid,
                "secret": self.secret,
                "js_code": js_code,
                "grant_type": "authorization_code",
            },
            with_token=False,
        )
        return answer

    def get_phone_number(self, code: str) -> str:
        """Redeem a phone code: the number without country code."""
        answer = self._post("wxa/business/getuserphonenumber", data={"code": code})
        number: str = answer["phone_info"]["purePhoneNumber"]
        return number

    def send_subscribe_message(  # WeChat's own parameters
        self,
        user_id: str,
        template_id: str,
        data: Mapping[str, Mapping[str, str]],
        page: str | None = None,
        *,
        miniprogram_state: str = "formal",
        lang: str = "zh_CN",
    ) -> dict[str, Any]:
        """Send one; uses up one permission of the user for this template."""
        body: dict[str, Any] = {
            "touser": user_id,
            "template_id": template_id,
            "data": data,
            "miniprogram_state": miniprogram_state,
            "lang": lang,
        }
        if page is not None:
            body["page"] = page
        answer: dict[str, Any] = self._post("cgi-bin/message/subscribe/send", data=body)
        return answer

    def check_text(self, openid: str, content: str, *, scene: int) -> dict[str, Any]:
        """msg_sec_check, version 2. `scene`: 1 profile, 2 comment, 3 forum, 4 diary.

        An errcode of 0 only says that the text was judged: read `result.suggest`.
        """
        body = {"version": 2, "openid": openid, "scene": scene, "content": content}
        answer: dict[str, Any] = self._post("wxa/msg_sec_check", data=body)
        return answer


class AccountClient(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """Everything we say to WeChat in the name of one account. Share one per process.

    Calls raise WeChatRefused, BadAnswer, TokenUnavailable, NeverSent or NoAnswer.
    """

    wxa = Wxa()
    _http: Transport

    def __init__(
        self, appid: str, secret: str, *, store: TokenStore, clock: Clock, transport: Transport
    ) -> None:
        super().__init__(appid, secret, auto_retry=False)
        self._http.close()
        self._http = transport
        self._store = store
        self._clock = clock
        self._held: StoredToken | None = None
        self._fetches = 0
        self._failure: TokenUnavailable | None = None  # of the last fetch
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AccountClient({self.appid})"

    @property
    def access_token(self) -> str:
        """A token that is good for another minute at least. Raises TokenUnavailable."""
        return self._good_token().token

    def fetch_access_token(self) -> None:
        """Take the token that WeChat gives now, in place of ours. Raises TokenUnavailable."""
        with self._lock:
            self._fetch()

    def _good_token(self) -> StoredToken:
        held = self._held
        if held is not None and held.expires_at > self._clock.now():
            return held
        before = self._fetches
        with self._lock:
            return self._shared_or_new(failed=None, before=before)

    def _token_instead_of(self, failed: StoredToken) -> StoredToken:
        """Another token than the refused one; only the first thread to come asks WeChat."""
        before = self._fetches
        with self._lock:
            if self._held is not None and self._held is not failed:
                return self._held
            return self._shared_or_new(failed=failed, before=before)

    def _shared_or_new(self, failed: StoredToken | None, before: int) -> StoredToken:
        """`before`: the fetches when this thread came. One that failed while it waited counts
        for it too: fifty threads that each wait out a time-out of their own stand for minutes.
        """
        if self._fetches > before and self._failure is not None:
            raise TokenUnavailable(str(self._failure), self._failure.errcode)
        now = self._clock.now()
        if failed is None and self._held is not None and self._held.expires_at > now:
            return self._held
        shared = self._store.get(self.appid)
        fresh = shared is not None and shared.expires_at > now
        if shared is not None and fresh and (failed is None or shared.token != failed.token):
            self._held = shared
            return shared
        return self._fetch()

    def _fetch(self) -> StoredToken:
        """Ask for the stable token in its normal mode: every process gets the same one.

        Never with force_refresh, which would kill the token of all the others.
        """
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        log.info("wechat_token_fetch", account=self.appid)
        failure: TokenUnavailable
        self._failure = None
        try:
            answer = _decoded(
                self._http.request(
                    "POST", f"{WECHAT}/cgi-bin/stable_token", data=json.dumps(body).encode()
                )
            )
            life = timedelta(seconds=int(answer["expires_in"])) - RENEW_BEFORE
            held = StoredToken(
                str(answer["access_token"]), self._clock.now() + max(life, SHORTEST_LIFE)
            )
        except WeChatRefused as error:
            failure = TokenUnavailable(str(error), error.errcode)
        except (TransportFailure, BadAnswer) as error:
            failure = TokenUnavailable(f"{type(error).__name__}: {error}")
        except (KeyError, TypeError, ValueError):
            failure = TokenUnavailable("the answer holds no token")
        else:
            self._store.put(self.appid, held.token, held.expires_at)
            self._held = held
            self._fetches += 1
            TOKENS.labels(self.appid, "fetched").inc()
            return held
        self._fetches += 1
        self._failure = failure
        TOKENS.labels(self.appid, "failed").inc()
        raise failure

    def _request(
        self, method: str, url_or_endpoint: str, *, with_token: bool = True, **options: Any
    ) -> Any:
        """wechatpy's one door. A refused token is replaced and the call made once more."""
        base = options.pop("api_base_url", self.API_BASE_URL)
        absolute = url_or_endpoint.startswith("https://")
        url = url_or_endpoint if absolute else f"{base}{url_or_endpoint}"
        processor = options.pop("result_processor", None)
        if not with_token:
            result = self._ask(method, url, None, **options)
            return processor(result) if processor else result
        token = self._good_token()
        try:
            result = self._ask(method, url, token.token, **options)
        except WeChatRefused as error:
            if error.errcode not in TOKEN_REFUSED:
                raise
            result = None
        if result is None:
            result = self._ask(method, url, self._token_instead_of(token).token, **options)
        return processor(result) if processor else result

    def _ask(
        self,
        method: str,
        url: str,
        token: str | None,
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        **_ignored: Any,
    ) -> Any:
        """`files`: name, content and type of each part of a multipart form."""
        query = dict(params or {}) | ({"access_token": token} if token is not None else {})
        content_type = None
        if files is not None:
            data, content_type = encode_multipart_formdata(files)
        elif isinstance(data, dict):
            data = json.dumps(data, ensure_ascii=False).encode()
        return _decoded(
            self._http.request(method, url, params=query, data=data, content_type=content_type)
        )


def _decoded(answer: Answer) -> Any:
    """The JSON object of an answer, or the answer itself when it is an image.

    Raises BadAnswer or WeChatRefused.
    """
    if answer.status_code != 200:
        raise BadAnswer(answer.status_code)
    try:
        result = json.loads(answer.content.decode("utf-8", "strict"))
    except ValueError:
        result = None
    if not isinstance(result, dict):
        return answer
    errcode = result.get("errcode", 0)
    if not isinstance(errcode, int):
        raise BadAnswer(answer.status_code)
    if errcode != 0:
        msg_id = result.get("msg_id")
        known = msg_id if isinstance(msg_id, int) else None
        raise WeChatRefused(errcode, str(result.get("errmsg", "")), known)
    return result
