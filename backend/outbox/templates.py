"""The messages we can send: content/messages/templates.yaml, checked at load, put into words.

A template is proved at load with the longest facts, so a wrong file stops the start and a
right one cannot be refused by WeChat for its form (47003).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.kernel.privacy import mask_name
from backend.outbox import merged
from backend.outbox.fields import UnfitValue, fit, kind_of_field
from backend.outbox.forms import Form, FormField, FormKind
from backend.outbox.usefulness import UsefulFor
from backend.outbox.values import (
    ALWAYS,
    SAMPLES,
    SPECS,
    FactKind,
    MissingFact,
    fill,
    placeholders,
    value_of,
)

YOUR_CHILD = "宝宝"
PAGE = r"^pages/[^\s?]+(\?\S+)?$"
WORDING = "wording"  # the fact that names one of a template's variants


class WrongTemplates(Exception):
    """The file cannot be used. The text names the template and what is wrong with it."""


class UnknownTemplate(Exception):
    """A message names a template that the file does not have."""


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
    page: str | None = Field(default=None, pattern=PAGE)
    fields: dict[str, str] = {}


class Template(_Strict):
    """`variants`: other wordings by name; the fact `wording` of a message chooses one.

    `ask_again`: before such a message is handed over, the database is asked once more whether
    it still stands; what hurts when it is wrong by a second is worth a query.
    `each`: of a message that may tell of several things and several children, how one thing is
    said in a list, by the way it is told of; its facts are the first thing's (see `merged`).
    `urgent`: goes out before the others. `useful_for`: until when it is worth sending at all.
    """

    title: str = Field(min_length=1, max_length=20)
    body: str = Field(min_length=1)
    page: str | None = Field(default=None, pattern=PAGE)
    facts: dict[str, FactKind]
    ask_again: bool = False
    urgent: bool = False
    useful_for: UsefulFor | None = None
    wechat: WeChatForm | None = None
    variants: dict[str, Variant] = {}
    each: dict[str, str] = {}

    @model_validator(mode="after")
    def _only_says_what_it_knows(self) -> Self:
        known = self.kinds
        fields = self.wechat.fields if self.wechat else {}
        for name, variant in self.variants.items():
            if not set(variant.fields) <= set(fields):
                raise ValueError(f"{name}: only fields that the template has")
        for text in self._texts():
            _check_text(text, known)
        for text in self.each.values():
            _check_text(text, self.facts)
        end = self.useful_for.until if self.useful_for else None
        if end is not None and self.facts.get(end) not in (FactKind.MOMENT, FactKind.DAY):
            raise ValueError(f"useful_for: {end} is no instant and no day among its facts")
        return self

    @cached_property
    def kinds(self) -> dict[str, FactKind]:
        """Of every fact that its texts may name."""
        return {**self.facts, **ALWAYS, **(merged.FACTS if self.each else {})}

    def is_too_late(self, facts: Mapping[str, Any], due: datetime, now: datetime) -> bool:
        """Whether the list in the app is enough by now. Raises MissingFact."""
        if self.useful_for is None:
            return False
        return self.useful_for.is_over(facts, self.facts, due, now)

    def _texts(self) -> list[str]:
        fields = self.wechat.fields if self.wechat else {}
        texts = [self.body, self.page or "", *(field.text for field in fields.values())]
        for variant in self.variants.values():
            texts += [variant.body, variant.page or "", *variant.fields.values()]
        return texts

    def body_for(self, facts: Mapping[str, Any]) -> str:
        variant = self.variants.get(str(facts.get(WORDING)))
        return self.body if variant is None else variant.body

    def page_for(self, facts: Mapping[str, Any]) -> str | None:
        variant = self.variants.get(str(facts.get(WORDING)))
        return self.page if variant is None else variant.page or self.page

    def field_texts(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """The text of each WeChat field, in the wording of the message."""
        fields = self.wechat.fields if self.wechat else {}
        variant = self.variants.get(str(facts.get(WORDING)))
        other = {} if variant is None else variant.fields
        return {name: other.get(name, field.text) for name, field in fields.items()}

    def own_fields(self) -> tuple[FormField, ...]:
        """The fields of templates.yaml, as a form has them."""
        fields = self.wechat.fields if self.wechat else {}
        return tuple(
            FormField(name, field.label, field.text, self._other_texts(name))
            for name, field in fields.items()
        )

    def _other_texts(self, field: str) -> dict[str, str]:
        return {
            wording: variant.fields[field]
            for wording, variant in self.variants.items()
            if field in variant.fields
        }

    @cached_property
    def told(self) -> frozenset[str]:
        """The facts that go to WeChat; no form of an account may name another one."""
        return frozenset(
            name
            for field in self.own_fields()
            for text in field.texts()
            for name, _ in placeholders(text)
        )

    def shapes(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Messages with these facts, in every wording and every list that there may be."""
        said = [{**facts, WORDING: wording} for wording in ("", *self.variants)]
        return said + list(merged.samples(self.each, facts))


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

    @cached_property
    def urgent(self) -> frozenset[str]:
        """The names of those that go out before the others."""
        return frozenset(name for name, one in self._templates.items() if one.urgent)

    def __getitem__(self, name: str) -> Template:
        """Raises UnknownTemplate."""
        template = self._templates.get(name)
        if template is None:
            raise UnknownTemplate(name)
        return template

    def forms(self, kind: FormKind, ids: Mapping[str, str]) -> dict[str, Form]:
        """In the fields of templates.yaml, those for which there is one of WeChat's ids."""
        return {
            name: Form(ids[name], template.wechat.title, kind, template.own_fields())
            for name, template in self._templates.items()
            if template.wechat is not None and name in ids
        }

    def render_in_app(
        self,
        name: str,
        facts: Mapping[str, Any],
        child: str | None,
        names: Mapping[int, str] | None = None,
    ) -> Words:
        """Title, body and page for the parent's own list, with the child's full name.

        `names`: of the children that a message about several tells of.
        Raises UnknownTemplate or MissingFact.
        """
        template = self[name]
        said = _said(template, facts, child or YOUR_CHILD, names or {})
        values = _Values(template, said)
        body = fill(template.body_for(said), values)
        return Words(template.title, body, _page(template.page_for(said), values))

    def render_wechat(
        self,
        name: str,
        facts: Mapping[str, Any],
        child: str | None,
        names: Mapping[int, str] | None = None,
        form: Form | None = None,
    ) -> tuple[dict[str, str], str | None]:
        """Values by WeChat's field name, each of them fit to be sent, and the page to open.

        `form`: of the account that sends, where it is another than the template's own. The
        child's name is masked: WeChat and its notification list are not ours.
        Raises UnknownTemplate, MissingFact or fields.UnfitValue.
        """
        template = self[name]
        if template.wechat is None:
            raise UnknownTemplate(name)
        masked = {child_id: mask_name(each) for child_id, each in (names or {}).items()}
        said = _said(template, facts, mask_name(child) if child else YOUR_CHILD, masked)
        values = _Values(template, said)
        if form is None:
            data = {
                field: fit(field, fill(text, values))
                for field, text in template.field_texts(said).items()
            }
        else:
            wording = str(said.get(WORDING))
            data = {one.name: one.fit(fill(one.text_for(wording), values)) for one in form.fields}
        return data, _page(template.page_for(said), values)


def _said(
    template: Template, facts: Mapping[str, Any], child: str, names: Mapping[int, str]
) -> dict[str, Any]:
    """All facts, with the child's name; of a message about several things, those of the list."""
    given = {"child_id": 0, **facts, "child": child}
    if not template.each:
        return given
    return merged.flattened(template.each, template.facts, given, names, YOUR_CHILD)


class _Values(dict[str, Any]):
    """Facts as the city writes them, each made when a text asks for it."""

    def __init__(self, template: Template, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._kinds, self._given = template.kinds, given

    def __missing__(self, name: str) -> Any:
        value = value_of(name, self._kinds[name], self._given)
        self[name] = value
        return value


def _check_text(text: str, known: Mapping[str, FactKind]) -> None:
    for name, spec in placeholders(text):
        if name not in known:
            raise ValueError(f"{{{name}}} is not among its facts")
        if spec not in SPECS[known[name]]:
            raise ValueError(f"{{{name}:{spec}}}: a {known[name]} is not written so")


class _Quoted(dict[str, str]):
    """Values as a path takes them."""

    def __init__(self, values: _Values) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> str:
        value = format(self._values[name])
        return value if value.isascii() and value.isalnum() else quote(value, safe="")


def _page(page: str | None, values: _Values) -> str | None:
    return None if page is None else page.format_map(_Quoted(values))


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
    long_name = SAMPLES[FactKind.TEXT]
    names = dict.fromkeys(merged.SAMPLE_CHILDREN, long_name)
    try:
        for said in template.shapes(facts):
            templates.render_in_app(name, said, long_name, names)
            if template.wechat is not None:
                templates.render_wechat(name, said, long_name, names)
    except (MissingFact, UnfitValue) as error:
        raise WrongTemplates(f"{name}: {error}") from error
