"""The form for the next row of the city's rules. Ranges are the service's."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from wtforms import DateField, IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from backend.bookings.models import YearKind
from backend.bookings.policies import NOTE_LENGTH
from backend.bookings.policy_words import WORDS, YEAR_KINDS
from backend.bookings.rules import Policy
from backend.console.forms import NEEDED, Form

NUMBERS = [
    field.name for field in fields(Policy) if field.name not in {"year_kind", "reconfirm_hours"}
]


def _label(name: str) -> str:
    what, unit = WORDS[name]
    return f"{what}（{unit}）"


class PolicyForm(Form):
    effective_from = DateField("从哪天起（零点）", [NEEDED])
    reconfirm_hours = IntegerField(f"{_label('reconfirm_hours')}，留空为不要求", [Optional()])
    year_kind = RadioField(
        WORDS["year_kind"][0],
        choices=[SelectChoice(kind.value, words) for kind, words in YEAR_KINDS.items()],
    )
    note = TextAreaField("为什么改", [NEEDED, Length(max=NOTE_LENGTH, message="太长")])

    @property
    def numbers(self) -> list[Any]:
        return [self[name] for name in NUMBERS]

    def show(self, policy: Policy) -> PolicyForm:
        """Filled with rules that there are."""
        for name in (*NUMBERS, "reconfirm_hours"):
            self[name].data = getattr(policy, name)
        self.year_kind.data = policy.year_kind.value
        return self

    def policy(self) -> Policy:
        numbers = {name: self[name].data for name in NUMBERS}
        return Policy(
            **numbers,
            reconfirm_hours=self.reconfirm_hours.data,
            year_kind=YearKind(self.year_kind.data),
        )


for _name in NUMBERS:
    setattr(PolicyForm, _name, IntegerField(_label(_name), [InputRequired("请填写数字")]))
