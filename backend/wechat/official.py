"""Everything that a public account (服务号, 订阅号) can be asked to do, one method a call.

wechatpy's own call where it says all that WeChat takes; our own request where it lacks the
call (drafts, publishing, quotas, notices' templates) or a parameter (client_msg_id, page, state).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, TypeVar

from backend.wechat.client import AccountClient, BadAnswer, WeChatRefused
from backend.wechat.official_answers import (
    Article,
    ChosenTemplate,
    Follower,
    MassMessage,
    MassStatus,
    Picture,
    Publication,
    Quota,
    SceneCode,
    follower_of,
    publication_of,
)
from backend.wechat.transport import WECHAT, Answer

ALREADY_SENT = 45065
PAGE_OF_DRAFTS = 20

Value = TypeVar("Value")


class OfficialAccount:
    """One account in WeChat's eyes; safe between threads, as its client is.

    `chosen_templates` and `code_unlimited` are a mini-program's calls as well. Every method
    raises what AccountClient raises: WeChatRefused with WeChat's code, BadAnswer,
    TokenUnavailable, NeverSent, NoAnswer. After NoAnswer a send may have gone out: repeat it
    with the same `client_id`.
    """

    def __init__(self, client: AccountClient) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"OfficialAccount({self._client.appid})"

    # Messages to one person

    def send_template(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        url: str | None = None,
        miniprogram: tuple[str, str] | None = None,
        client_id: str | None = None,
    ) -> int:
        """A 模板消息 to a follower; its msgid. `miniprogram`: appid and page, before `url`.

        Within ten minutes WeChat delivers one `client_id` once. Whether it arrived says the
        event TEMPLATESENDJOBFINISH.
        """
        body = to_person(
            openid, template_id, values, url=url, miniprogram=miniprogram, client_msg_id=client_id
        )
        return _read(self._post("message/template/send", body), lambda said: int(said["msgid"]))

    def send_notify(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        page: str | None = None,
        miniprogram: tuple[str, str] | None = None,
    ) -> None:
        """A 订阅通知 (bizsend): uses up a consent, needs no following."""
        body = to_person(openid, template_id, values, page=page, miniprogram=miniprogram)
        self._post("message/subscribe/bizsend", body)

    def custom_text(self, openid: str, text: str) -> None:
        """An answer of 客服, while what the person has done allows it (45015, 45047)."""
        _object(self._client.message.send_text(openid, text))

    # Templates

    def private_templates(self) -> list[ChosenTemplate]:
        """The templates for `send_template`."""
        answer = self._client.template.get_all_private_template()
        return _read(answer, lambda said: [_message_form(one) for one in said["template_list"]])

    def delete_template(self, template_id: str) -> None:
        _object(self._client.template.del_private_template(template_id))

    def chosen_templates(self) -> list[ChosenTemplate]:
        """The templates for `send_notify`, or those of a mini-program."""
        answer = self._get("wxaapi/newtmpl/gettemplate", base=WECHAT)
        return _read(answer, lambda said: [_notice_form(item) for item in said["data"]])

    # Codes to scan

    def code_unlimited(
        self,
        scene: str,
        page: str | None = None,
        *,
        env_version: Literal["release", "trial", "develop"] = "release",
        check_path: bool = True,
        width: int = 430,
        clear: bool = False,
    ) -> bytes:
        """A 小程序码 as a JPEG, or a PNG with a `clear` ground. `scene`: 32 characters at most."""
        body: dict[str, Any] = {
            "scene": scene,
            "env_version": env_version,
            "check_path": check_path,
            "width": width,
            "is_hyaline": clear,
        }
        if page is not None:
            body["page"] = page
        answer = self._client.post(f"{WECHAT}/wxa/getwxacodeunlimit", data=body)
        if not isinstance(answer, Answer) or not answer.content:
            raise BadAnswer(200)
        return answer.content

    def scene_qr(self, scene: str, life: timedelta | None = timedelta(days=30)) -> SceneCode:
        """A QR code of a 服务号 that tells `scene` (64 characters) when scanned.

        For thirty days at most, or for ever with None: of those an account has 100 000 in all.
        """
        body: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE" if life is None else "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if life is not None:
            body["expire_seconds"] = int(life.total_seconds())
        return _read(
            self._client.qrcode.create(body),
            lambda said: SceneCode(
                str(said["ticket"]), str(said["url"]), said.get("expire_seconds")
            ),
        )

    # Pictures and articles

    def add_image(
        self, name: str, content: bytes, mime: str = "image/jpeg", *, thumb: bool = False
    ) -> Picture:
        """Keep a picture for ever, for covers. WeChat goes by the ending of its name."""
        kind = "thumb" if thumb else "image"
        answer = self._upload("material/add_material", (name, content, mime), {"type": kind})
        return _read(answer, lambda said: Picture(str(said["media_id"]), said.get("url") or ""))

    def upload_article_image(self, name: str, content: bytes, mime: str = "image/jpeg") -> str:
        """The address that a picture has inside articles; other addresses WeChat strips."""
        answer = self._upload("media/uploadimg", (name, content, mime), {})
        return _read(answer, lambda said: str(said["url"]))

    def draft_add(self, articles: Sequence[Article]) -> str:
        """A new draft of up to eight articles; its media id."""
        body = {"articles": [article.body() for article in articles]}
        return _read(self._post("draft/add", body), lambda said: str(said["media_id"]))

    def draft_update(self, media_id: str, article: Article, index: int = 0) -> None:
        """Replace one article of a draft."""
        body = {"media_id": media_id, "index": index, "articles": article.body()}
        self._post("draft/update", body)

    def draft_delete(self, media_id: str) -> None:
        self._post("draft/delete", {"media_id": media_id})

    def draft_count(self) -> int:
        return _read(self._get("draft/count"), lambda said: int(said["total_count"]))

    def draft(self, media_id: str) -> list[dict[str, Any]]:
        """The articles of a draft as WeChat keeps them."""
        answer = self._post("draft/get", {"media_id": media_id})
        return _read(answer, lambda said: list(said["news_item"]))

    def draft_ids(self, offset: int = 0) -> list[str]:
        """The media ids of twenty drafts, newest first."""
        body = {"offset": offset, "count": PAGE_OF_DRAFTS, "no_content": 1}
        answer = self._post("draft/batchget", body)
        return _read(answer, lambda said: [str(item["media_id"]) for item in said["item"]])

    # Publishing: on the account's page, nobody is told

    def publish(self, media_id: str) -> str:
        """Begin to publish a draft; the publish id. The draft is gone from the drafts."""
        answer = self._post("freepublish/submit", {"media_id": media_id})
        return _read(answer, lambda said: str(said["publish_id"]))

    def publish_state(self, publish_id: str) -> Publication:
        return _read(self._post("freepublish/get", {"publish_id": publish_id}), publication_of)

    def unpublish(self, article_id: str, index: int = 0) -> None:
        """Take an article off the net (counted from 1), or all of the publication."""
        self._post("freepublish/delete", {"article_id": article_id, "index": index})

    def published(self, article_id: str) -> list[dict[str, Any]]:
        """The articles of a publication, each with `url` and `is_deleted`."""
        answer = self._post("freepublish/getarticle", {"article_id": article_id})
        return _read(answer, lambda said: list(said["news_item"]))

    def published_ids(self, offset: int = 0) -> list[str]:
        """The article ids of twenty publications, newest first."""
        body = {"offset": offset, "count": PAGE_OF_DRAFTS, "no_content": 1}
        answer = self._post("freepublish/batchget", body)
        return _read(answer, lambda said: [str(item["article_id"]) for item in said["item"]])

    # Mass messages: into the followers' chats

    def mass_send(
        self, media_id: str, *, client_id: str, to: Sequence[str] | None = None
    ) -> MassMessage:
        """Send a draft to all followers, or to some (2 to 10 000, 服务号 only).

        WeChat takes a `client_id` once in 24 hours, so that this may be repeated safely.
        """
        body: dict[str, Any] = {
            "msgtype": "mpnews",
            "mpnews": {"media_id": media_id},
            "send_ignore_reprint": 0,
            "clientmsgid": client_id,
        }
        if to is None:
            path, body["filter"] = "message/mass/sendall", {"is_to_all": True}
        else:
            path, body["touser"] = "message/mass/send", list(to)
        try:
            answer = self._post(path, body)
        except WeChatRefused as error:
            if error.errcode != ALREADY_SENT or error.msg_id is None:
                raise
            return MassMessage(error.msg_id, repeated=True)
        return _read(answer, lambda said: MassMessage(int(said["msg_id"])))

    def mass_state(self, msg_id: int) -> MassStatus:
        answer = self._client.message.get_mass(msg_id)
        return _read(answer, lambda said: MassStatus(said["msg_status"]))

    def mass_speed(self) -> int:
        """How fast WeChat sends, in ten thousand messages a minute. Changes nothing."""
        answer = self._post("message/mass/speed/get", {})
        return _read(answer, lambda said: int(said["realspeed"]))

    def mass_preview(self, media_id: str, openid: str) -> None:
        """Show a draft to one follower; a hundred times a day."""
        body = {"touser": openid, "msgtype": "mpnews", "mpnews": {"media_id": media_id}}
        self._post("message/mass/preview", body)

    def mass_delete(self, msg_id: int) -> None:
        """Take back what was sent: the card stays, its article is gone."""
        _object(self._client.message.delete_mass(msg_id))

    # The menu

    def menu_create(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Replace the menu: up to three buttons with up to five below each."""
        _object(self._client.menu.create({"button": [dict(button) for button in buttons]}))

    def menu_get(self) -> list[dict[str, Any]]:
        """The buttons of the menu; none when there is no menu."""
        answer = self._client.menu.get()
        if answer is None:
            return []
        return _read(answer, lambda said: list(said["menu"]["button"]))

    def menu_delete(self) -> None:
        _object(self._client.menu.delete())

    def menu_add_conditional(
        self, buttons: Sequence[Mapping[str, Any]], rule: Mapping[str, str]
    ) -> str:
        """A menu for some followers only; its id."""
        body = {"button": [dict(button) for button in buttons], "matchrule": dict(rule)}
        answer = self._client.menu.add_conditional(body)
        return _read(answer, lambda said: str(said["menuid"]))

    # People

    def user_info(self, openid: str) -> Follower:
        return _read(self._client.user.get(openid), follower_of)

    def users_info(self, openids: Sequence[str]) -> list[Follower]:
        """Of a hundred people at most. One id that is nobody's, and all are refused (40003)."""
        body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]}
        return _read(
            self._post("user/info/batchget", body),
            lambda said: [follower_of(one) for one in said["user_info_list"]],
        )

    def followers(self, after: str = "") -> tuple[list[str], int]:
        """Ten thousand openids after one, and how many follow in all."""
        answer = self._get("user/get", {"next_openid": after} if after else {})
        return _read(
            answer,
            lambda said: (list((said.get("data") or {}).get("openid", [])), int(said["total"])),
        )

    # Quotas

    def quota(self, path: str) -> Quota:
        """Of one path, such as `/cgi-bin/message/template/send`, today."""
        return _read(
            self._post("openapi/quota/get", {"cgi_path": path}),
            lambda said: Quota(
                *(int(said["quota"][name]) for name in ("daily_limit", "used", "remain"))
            ),
        )

    def clear_quota(self) -> None:
        """Start every daily number anew; ten times a month (48006)."""
        self._post("clear_quota", {"appid": self._client.appid})

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return _object(self._client.post(path, data=dict(body)))

    def _get(
        self, path: str, params: Mapping[str, str] | None = None, base: str | None = None
    ) -> dict[str, Any]:
        address = path if base is None else f"{base}/{path}"
        return _object(self._client.get(address, params=dict(params or {})))

    def _upload(
        self, path: str, media: tuple[str, bytes, str], params: Mapping[str, str]
    ) -> dict[str, Any]:
        return _object(self._client.post(path, params=dict(params), files={"media": media}))


def _object(answer: Any) -> dict[str, Any]:
    """Raises BadAnswer for anything but a JSON object."""
    if not isinstance(answer, dict):
        raise BadAnswer(200)
    return answer


def _read(answer: Any, read: Callable[[dict[str, Any]], Value]) -> Value:
    """What an answer says. Raises BadAnswer when it lacks what it should hold."""
    try:
        return read(_object(answer))
    except (KeyError, TypeError, ValueError, AttributeError):
        failure = BadAnswer(200)
    raise failure


def to_person(
    openid: str,
    template_id: str,
    values: Mapping[str, str],
    *,
    miniprogram: tuple[str, str] | None = None,
    **more: str | None,
) -> dict[str, Any]:
    """The body of a 模板消息 or a 订阅通知; what is None is not said."""
    body: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "data": wrapped(values),
        **{name: value for name, value in more.items() if value is not None},
    }
    if miniprogram is not None:
        appid, path = miniprogram
        body["miniprogram"] = {"appid": appid, "pagepath": path}
    return body


def wrapped(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The values of a template's fields as WeChat takes them."""
    return {name: {"value": text} for name, text in values.items()}


def _message_form(item: Mapping[str, Any]) -> ChosenTemplate:
    return ChosenTemplate(
        str(item["template_id"]), str(item["title"]), str(item["content"]), "message"
    )


def _notice_form(item: Mapping[str, Any]) -> ChosenTemplate:
    kind: Literal["once", "long"] = "once" if int(item["type"]) == 2 else "long"
    listed = {
        str(one["keywordCode"]).removesuffix(".DATA"): tuple(map(str, one["enumValueList"]))
        for one in item.get("keywordEnumValueList") or ()
    }
    return ChosenTemplate(
        str(item["priTmplId"]), str(item["title"]), str(item["content"]), kind, listed
    )
