"""Forms check shape; what is true, a service checks."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from backend.centres.models import KIND_TITLES, SlotKind
from backend.centres.service import MOST_PLACES, OLDEST_MONTHS

NEEDED = InputRequired("请填写")
WRONG_NUMBER = "请填写数字"


class Form(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False  # the blueprint checks the token of every form before the view
        locales = ("zh",)


class SignInForm(Form):
    login = StringField("账号", [NEEDED, Length(max=64, message="太长")])
    password = PasswordField("密码", [NEEDED, Length(max=128, message="太长")])


class PasswordForm(Form):
    old = PasswordField("原密码", [NEEDED])
    new = PasswordField("新密码", [NEEDED])
    again = PasswordField("再输一次新密码", [NEEDED])


class SlotForm(Form):
    centre_id = SelectField("中心", coerce=int)
    kind = RadioField(
        "类型",
        choices=[SelectChoice(kind.value, title) for kind, title in KIND_TITLES.items()],
        default=SlotKind.ACTIVITY.value,
    )
    title = StringField("名称", [NEEDED, Length(max=30, message="不超过 30 字")])
    day = DateField("日期", [NEEDED])
    starts = TimeField("开始", [NEEDED])
    ends = TimeField("结束", [NEEDED])
    capacity = IntegerField(
        "名额", [NEEDED, NumberRange(1, MOST_PLACES, f"1–{MOST_PLACES}")], default=8
    )
    age_from = IntegerField(
        "月龄从（满）",
        [NEEDED, NumberRange(0, OLDEST_MONTHS - 1, f"0–{OLDEST_MONTHS - 1}")],
        default=0,
    )
    age_to = IntegerField(
        "月龄到（不满）",
        [NEEDED, NumberRange(1, OLDEST_MONTHS, f"1–{OLDEST_MONTHS}")],
        default=OLDEST_MONTHS,
    )

    def offer(self, centres: list[tuple[int, str]]) -> SlotForm:
        self.centre_id.choices = [SelectChoice(number, name) for number, name in centres]
        return self

    def value(self, name: str) -> Any:
        return self[name].data
