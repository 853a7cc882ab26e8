"""How one account's template at WeChat says one of our messages: WeChat's fields, our texts. Pure.

Two accounts may have chosen different templates for the same message, with other fields in
another order; each has a form of its own. One that is not written down is the form of
content/messages/templates.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from backend.outbox.fields import UnfitValue, fit, one_line

FormKind = Literal["once", "long", "message"]


@dataclass(frozen=True)
class FormField:
    """`label`: as WeChat shows it. `variants`: other texts for some wordings of the message.

    `values`: what WeChat takes where the field is one of a list, else empty.
    """

    name: str
    label: str
    text: str
    variants: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()

    def text_for(self, wording: str) -> str:
        return self.variants.get(wording, self.text)

    def texts(self) -> tuple[str, ...]:
        return (self.text, *self.variants.values())

    def fit(self, filled: str) -> str:
        """A value that WeChat accepts. Raises UnfitValue."""
        if not self.values:
            return fit(self.name, filled)
        value = one_line(filled)
        if value not in self.values:
            raise UnfitValue(self.name, "not one of the values that WeChat lists")
        return value


@dataclass(frozen=True)
class Form:
    """`kind`: one message for each permission (`once`), any number after one (`long`), or a
    template message of a 服务号 (`message`).
    """

    template_id: str
    title: str
    kind: FormKind
    fields: tuple[FormField, ...]

    @property
    def labels(self) -> dict[str, str]:
        return {one.name: one.label for one in self.fields}


def fields_as_json(fields: tuple[FormField, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "label": one.label,
            "text": one.text,
            "variants": dict(one.variants),
            "values": list(one.values),
        }
        for one in fields
    ]


def fields_from_json(kept: list[dict[str, Any]]) -> tuple[FormField, ...]:
    return tuple(
        FormField(
            one["name"], one["label"], one["text"], one["variants"], tuple(one.get("values", ()))
        )
        for one in kept
    )
