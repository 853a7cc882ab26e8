"""YAML files under content/, read with the line of what is wrong in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from backend.facts.errors import ContentError
from backend.kernel.yaml_lines import line_of

T = TypeVar("T", bound=BaseModel)


def read_yaml(file: Path) -> Any:
    """Raises ContentError for what is no YAML."""
    return parse(file, file.read_text(encoding="utf-8"))


def parse(file: Path, text: str, *, above: int = 0) -> Any:
    """`above`: how many lines of the file stand above `text`."""
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = above + (mark.line + 1 if mark else 1)
        raise ContentError(file, line, "yaml_invalid", "不是合法的 YAML") from error


def read_model(file: Path, kind: type[T]) -> T:
    """A file as `kind`. Raises ContentError with the line of the first field that is wrong."""
    text = file.read_text(encoding="utf-8")
    return validated(file, text, parse(file, text), kind)


def validated(file: Path, text: str, data: Any, kind: type[T], *, above: int = 0) -> T:
    """Data that was read from `text` as `kind`; ContentError says where it is not."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = first["loc"]
        where = ".".join(str(part) for part in path)
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        line = line_of(text, path) + above
        raise ContentError(file, line, "fields_invalid", message) from error
