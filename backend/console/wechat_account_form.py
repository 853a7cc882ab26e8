"""The forms of a 公众号: shape here, truth in accounts. Keys are written, never shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from backend.accounts.keeping import AccountEntry, NewKeys, WholeAccount
from backend.accounts.models import KIND_TITLES, AccountKind, WeChatAccount
from backend.accounts.rules import AccountKeysWrong, Keys, check_appid, check_keys
from backend.centres.places import Town
from backend.console.forms import NEEDED, Form

CITY, YES, NO = "city", "yes", "no"  # a choice without a value would not be "filled in"
KINDS = (AccountKind.SERVICE, AccountKind.SUBSCRIPTION)
TOO_LONG = Length(max=120, message="太长")
HINTS = {
    "name": "家长会看到，例如“青阳镇健康服务号”",
    "kind": "模板消息和订阅通知只有认证的服务号能发；订阅号只能群发和发布",
    "certified": "微信认证每年要续；到期后微信会收回权限",
    "appid": "公众平台 › 设置与开发 › 基本配置，以 wx 开头",
    "secret": "AppSecret 只在重置时显示一次；保存后不再显示",
    "push_token": "消息推送的令牌：3 到 32 个字母或数字，自己定，与公众平台填的一样",
    "aes_key": "消息加解密密钥：43 个字母或数字，公众平台可随机生成；加解密方式选“安全模式”",
}
KEPT_HINTS = HINTS | {
    name: f"已设置。不改就空着；{HINTS[name]}" for name in ("secret", "push_token", "aes_key")
}
KEYS = ("secret", "push_token", "aes_key")


def _key(label: str) -> PasswordField:
    return PasswordField(label, [TOO_LONG], filters=[lambda text: (text or "").strip()])


@contextmanager
def at_the_field() -> Iterator[None]:
    """What the rule says of a key stands at its field."""
    try:
        yield
    except AccountKeysWrong as error:
        raise ValidationError(error.detail) from None


class AccountForm(Form):
    name = StringField("名称", [NEEDED, Length(max=40, message="不超过 40 字")])
    kind = SelectField(
        "类型", choices=[SelectChoice(kind.value, KIND_TITLES[kind]) for kind in KINDS]
    )
    town_code = SelectField("归谁", [NEEDED])
    certified = SelectField(
        "微信认证", choices=[SelectChoice(YES, "已认证"), SelectChoice(NO, "没有认证")]
    )
    appid = StringField("AppID", [NEEDED, TOO_LONG])
    secret = _key("AppSecret")
    push_token = _key("令牌（Token）")
    aes_key = _key("消息加解密密钥（EncodingAESKey）")

    def validate_appid(self, field: StringField) -> None:
        with at_the_field():
            check_appid(field.data.strip())

    def validate_secret(self, field: PasswordField) -> None:
        self._check_key(field)

    def validate_push_token(self, field: PasswordField) -> None:
        self._check_key(field)

    def validate_aes_key(self, field: PasswordField) -> None:
        self._check_key(field)

    def _check_key(self, field: PasswordField) -> None:
        """A new account needs all of them; of a known one an empty field keeps what is there."""
        if field.data:
            with at_the_field():
                check_keys(**{field.short_name: field.data})
        elif "appid" in self:
            raise ValidationError("请填写")

    def offer(self, towns: list[Town], *, whole_city: bool) -> None:
        own = [SelectChoice(town.code, town.name) for town in towns]
        self.town_code.choices = [SelectChoice(CITY, "市级"), *own] if whole_city else own

    def show(self, row: WeChatAccount) -> None:
        """Fill in what is kept, for the first look; keys stay empty."""
        self.name.data, self.kind.data = row.name, row.kind.value
        self.town_code.data = row.town_code or CITY
        self.certified.data = YES if row.certified else NO

    def of_known(self, row: WeChatAccount, *, keys_from_settings: bool) -> AccountForm:
        """Leave out what of this account is not changed here."""
        del self.appid
        if row.kind is AccountKind.MINI:
            del self.kind, self.town_code, self.certified
        if keys_from_settings:
            for name in KEYS:
                delattr(self, name)
        return self

    def entry(self) -> AccountEntry:
        town = self.town_code.data
        return AccountEntry(
            AccountKind(self.kind.data),
            None if town == CITY else town,
            self.name.data.strip(),
            self.certified.data == YES,
        )

    def has_typed_keys(self) -> bool:
        return any(self[name].data for name in KEYS if name in self)

    def whole(self) -> WholeAccount:
        """Raises AccountKeysWrong when a key is missing."""
        keys = self.keys()
        if keys.secret is None or keys.push_token is None or keys.aes_key is None:
            raise AccountKeysWrong("AppSecret、令牌、消息加解密密钥都要填")
        return WholeAccount(
            self.appid.data.strip(),
            self.entry(),
            Keys(keys.secret, keys.push_token, keys.aes_key),
        )

    def keys(self) -> NewKeys:
        """What was typed; an empty field keeps what is there."""
        return NewKeys(**{name: self[name].data or None for name in KEYS if name in self})
