"""The subscribe-message templates that the sandbox's mini-program has chosen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

EXAMPLES: Mapping[str, str] = {
    "thing": "养育照护小组活动",
    "number": "1",
    "letter": "ABC",
    "symbol": "!",
    "character_string": "20261125001",
    "time": "2026年11月25日 09:30",
    "date": "2026年11月25日",
    "amount": "¥0",
    "phone_number": "0312-1234567",
    "car_number": "冀A12345",
    "name": "王小明",
    "phrase": "已确认",
}


class WrongTemplates(Exception):
    """The template file cannot be read; the text names the file and the place."""


@dataclass(frozen=True)
class TemplateField:
    """`name` is WeChat's key (`thing1`); its letters are the type whose rules a value obeys."""

    name: str
    label: str
    values: tuple[str, ...] = ()  # of an enum field


@dataclass(frozen=True)
class Template:
    """`kind`: one message for each permission, any number after one (`long`), or a template
    message of a 服务号, which needs a follower and no permission (`message`)."""

    id: str
    title: str
    fields: tuple[TemplateField, ...]
    kind: Literal["once", "long", "message"] = "once"


def load_templates(path: Path) -> dict[str, Template]:
    """Templates by id from a JSON or YAML file.

    A list (or `{templates: list}`) of `{id, title, type?: once|long, fields}`, where fields
    are `{name: label}` or a list of `{name, label, values?}`. Raises WrongTemplates.
    """
    text = path.read_text(encoding="utf-8")
    try:
        raw = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        entries = raw["templates"] if isinstance(raw, dict) else raw
        templates = [_template(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise WrongTemplates(f"{path.name}: {type(error).__name__} {error}") from error
    by_id = {template.id: template for template in templates}
    if not templates or len(by_id) != len(templates):
        raise WrongTemplates(f"{path.name}: at least one template, each id once")
    return by_id


def _template(entry: Mapping[str, Any]) -> Template:
    kind = entry.get("type", "once")
    if kind not in ("once", "long"):
        raise ValueError(f"type {kind!r}: once or long")
    fields = entry["fields"]
    if isinstance(fields, Mapping):
        fields = [{"name": name, "label": label} for name, label in fields.items()]
    return Template(
        id=str(entry["id"]),
        title=str(entry["title"]),
        fields=tuple(
            TemplateField(str(f["name"]), str(f["label"]), tuple(map(str, f.get("values", ()))))
            for f in fields
        ),
        kind=kind,
    )


def content_of(template: Template) -> str:
    """The form as WeChat writes it: `会议时间:{{date2.DATA}}`, a line for each field."""
    return "".join(f"{field.label}:{{{{{field.name}.DATA}}}}\n" for field in template.fields)


def example_of(template: Template) -> str:
    """The same with invented values."""
    return "".join(
        f"{field.label}:{field.values[0] if field.values else EXAMPLES.get(_type(field), '示例')}\n"
        for field in template.fields
    )


def _type(field: TemplateField) -> str:
    return field.name.rstrip("0123456789")
