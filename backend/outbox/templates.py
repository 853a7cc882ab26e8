"""The messages we can send: content/messages/templates.yaml, checked at load, put into words.

A template is proved at load with the longest facts, so a wrong file stops the start and a
right one cannot be refused by WeChat for its form (47003).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Any, Self
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.kernel.clock import CITY
from backend.kernel.privacy import mask_name
from backend.outbox.fields import UnfitValue, fit, kind_of_field

WEEKDAYS = "一二三四五六日"
NOTHING_SAID = "—"  # for a fact that is null: a sentence stays a sentence, a field is never empty
YOUR_CHILD = "宝宝"
WORDING = "wording"  # the fact that names one of a template's variants


class WrongTemplates(Exception):
    """The file cannot be used. The text names the template and what is wrong with it."""


class UnknownTemplate(Exception):
    """A message names a template that the file does not have."""


class MissingFact(Exception):
    """A message lacks a fact that its template needs, or holds one of another kind."""


class FactKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"  # ISO 8601 with offset
    DAY = "day"  # ISO 8601 date


class _Moment:
    """An instant as the city's people write it."""

    def __init__(self, iso: str) -> None:
        instant = datetime.fromisoformat(iso)
        if instant.tzinfo is None:
            raise ValueError("an instant needs an offset")
        self._local = instant.astimezone(CITY)

    def __format__(self, spec: str) -> str:
        day, clock = _Day.of(self._local.date()), f"{self._local:%H:%M}"
        if spec == "short":
            return f"{day:short}（周{WEEKDAYS[self._local.weekday()]}）{clock}"
        return format(day, "date") if spec == "date" else f"{day:date} {clock}"


class _Day:
    def __init__(self, iso: str) -> None:
        self._day = date.fromisoformat(iso)

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.isoformat())

    def __format__(self, spec: str) -> str:
        day = self._day
        short = f"{day.month}月{day.day}日"
        return short if spec == "short" else f"{day.year}年{short}"


SPECS: Mapping[FactKind, frozenset[str]] = {
    FactKind.TEXT: frozenset({""}),
    FactKind.NUMBER: frozenset({""}),
    FactKind.MOMENT: frozenset({"time", "short", "date"}),
    FactKind.DAY: frozenset({"short", "date"}),
}
ALWAYS = {"child": FactKind.TEXT, "child_id": FactKind.NUMBER}
SAMPLES: Mapping[FactKind, Any] = {
    FactKind.TEXT: "江阴市澄江街道中山社区科学育儿指导与亲子活动服务中心（人民路总部一号楼二层）",
    FactKind.NUMBER: 9_007_199_254_740_991,
    FactKind.MOMENT: "2026-12-31T23:59:00+08:00",
    FactKind.DAY: "2026-12-31",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WeChatField(_Strict):
    label: str = Field(min_length=1)
    text: str = Field(min_length=1)


class WeChatForm(_Strict):
    """`title`: of the template chosen in WeChat's console; `why`: told when we ask to send it."""

    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    fields: dict[str, WeChatField] = Field(min_length=1, max_length=5)


class Variant(_Strict):
    """Other words for the same message; `fields`: instead of the text of these WeChat fields."""

    body: str = Field(min_length=1)
    fields: dict[str, str] = {}


class Template(_Strict):
    """`variants`: other wordings by name; the fact `wording` of a message chooses one.

    `ask_again`: before such a message is handed over, the database is asked once more whether
    it still stands; what hurts when it is wrong by a second is worth a query.
    """

    title: str = Field(min_length=1, max_length=20)
    body: str = Field(min_length=1)
    page: str | None = Field(default=None, pattern=r"^pages/[^\s?]+(\?\S+)?$")
    facts: dict[str, FactKind]
    ask_again: bool = False
    wechat: WeChatForm | None = None
    variants: dict[str, Variant] = {}

    @model_validator(mode="after")
    def _only_says_what_it_knows(self) -> Self:
        known = {**self.facts, **ALWAYS}
        fields = self.wechat.fields if self.wechat else {}
        for name, variant in self.variants.items():
            if not set(variant.fields) <= set(fields):
                raise ValueError(f"{name}: only fields that the template has")
        for text in self._texts():
            for name, spec in _placeholders(text):
                if name not in known:
                    raise ValueError(f"{{{name}}} is not among its facts")
                if spec not in SPECS[known[name]]:
                    raise ValueError(f"{{{name}:{spec}}}: a {known[name]} is not written so")
        return self

    def _texts(self) -> list[str]:
        fields = self.wechat.fields if self.wechat else {}
        texts = [self.body, self.page or "", *(field.text for field in fields.values())]
        for variant in self.variants.values():
            texts += [variant.body, *variant.fields.values()]
        return texts

    def body_for(self, facts: Mapping[str, Any]) -> str:
        variant = self.variants.get(str(facts.get(WORDING)))
        return self.body if variant is None else variant.body

    def field_texts(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """The text of each WeChat field, in the wording of the message."""
        fields = self.wechat.fields if self.wechat else {}
        variant = self.variants.get(str(facts.get(WORDING)))
        other = {} if variant is None else variant.fields
        return {name: other.get(name, field.text) for name, field in fields.items()}


@dataclass(frozen=True)
class Words:
    """A message as the in-app list shows it."""

    title: str
    body: str
    page: str | None


class Templates:
    """All templates by our names. Pure: facts in, words out."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = dict(templates)

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)

    def __getitem__(self, name: str) -> Template:
        """Raises UnknownTemplate."""
        template = self._templates.get(name)
        if template is None:
            raise UnknownTemplate(name)
        return template

    def render_in_app(self, name: str, facts: Mapping[str, Any], child: str | None) -> Words:
        """Title, body and page for the parent's own list, with the child's full name.

        Raises UnknownTemplate or MissingFact.
        """
        template = self[name]
        values = _values(template, facts, child or YOUR_CHILD)
        body = _fill(template.body_for(facts), values)
        return Words(template.title, body, _page(template, values))

    def render_wechat(
        self, name: str, facts: Mapping[str, Any], child: str | None
    ) -> tuple[dict[str, str], str | None]:
        """Values by WeChat's field name, each of them fit to be sent, and the page to open.

        The child's name is masked: WeChat and its notification list are not ours.
        Raises UnknownTemplate, MissingFact or fields.UnfitValue.
        """
        template = self[name]
        if template.wechat is None:
            raise UnknownTemplate(name)
        values = _values(template, facts, mask_name(child) if child else YOUR_CHILD)
        data = {
            field: fit(field, _fill(text, values))
            for field, text in template.field_texts(facts).items()
        }
        return data, _page(template, values)


def _values(template: Template, facts: Mapping[str, Any], child: str) -> dict[str, Any]:
    given = {"child_id": 0, **facts, "child": child}
    kinds = {**template.facts, **ALWAYS}
    return {name: _value(name, kind, given) for name, kind in kinds.items()}


def _value(name: str, kind: FactKind, given: Mapping[str, Any]) -> Any:
    if name not in given:
        raise MissingFact(name)
    value = given[name]
    if kind is FactKind.TEXT:
        return NOTHING_SAID if value is None or not str(value).strip() else str(value)
    try:
        return {FactKind.NUMBER: int, FactKind.MOMENT: _Moment, FactKind.DAY: _Day}[kind](value)
    except (TypeError, ValueError):
        raise MissingFact(name) from None


def _placeholders(text: str) -> list[tuple[str, str]]:
    """Names and format specs in a text. Raises ValueError for anything cleverer."""
    found = []
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or conversion or (spec and not spec.isidentifier()):
            raise ValueError(f"{{{name}}}: only plain names of facts")
        found.append((name, spec or ""))
    return found


def _fill(text: str, values: Mapping[str, Any]) -> str:
    return text.format_map(values)


def _page(template: Template, values: Mapping[str, Any]) -> str | None:
    if template.page is None:
        return None
    return template.page.format_map(
        {name: quote(format(value), safe="") for name, value in values.items()}
    )


def load_templates(path: Path) -> Templates:
    """The templates of a file. Raises WrongTemplates."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise WrongTemplates(f"{path.name}: {error}") from error
    if not isinstance(raw, dict) or not raw:
        raise WrongTemplates(f"{path.name}: templates by name are expected")
    found = {str(name): _checked(str(name), entry) for name, entry in raw.items()}
    templates = Templates(found)
    for name, template in found.items():
        _prove(templates, name, template)
    return templates


def _checked(name: str, entry: Any) -> Template:
    try:
        template = Template.model_validate(entry)
        for field in template.wechat.fields if template.wechat else ():
            kind_of_field(field)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (name, *first["loc"])))
        raise WrongTemplates(f"{place}: {first['msg']}") from error
    except UnfitValue as error:
        raise WrongTemplates(f"{name}.{error}") from error
    return template


def _prove(templates: Templates, name: str, template: Template) -> None:
    facts = {fact: SAMPLES[kind] for fact, kind in template.facts.items()}
    try:
        for wording in ("", *template.variants):
            said = {**facts, WORDING: wording}
            templates.render_in_app(name, said, SAMPLES[FactKind.TEXT])
            if template.wechat is not None:
                templates.render_wechat(name, said, SAMPLES[FactKind.TEXT])
    except (MissingFact, UnfitValue) as error:
        raise WrongTemplates(f"{name}: {error}") from error
