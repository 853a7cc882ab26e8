"""The vaccine engine with one thing changed: a number or row of its rules, or a comparison.

A changed engine is compiled from the changed source as a package of its own, beside the real one,
which nobody touches. A change that no case notices is a case that is missing.
"""

import ast
import copy
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = "backend.handbook.vaccines"
TWIN = "changed_vaccines"  # the name under which a changed engine is imported
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
Path_ = tuple[Any, ...]
# Titles, notes and the documents that a rule stands in: they change no date and no status.
WORDS_FOR_PEOPLE = {
    "version",
    "checked_on",
    "disclaimer",
    "sources",
    "rules",
    "name",
    "disease",
    "route",
    "scope",
    "note",
    "age",
    "text",
    "mark",
    "marks",
    "age_mark",
    "interval_mark",
    "catch_up",
    "special",
}
# An oral vaccine and one that is not live are bound by the same rules: none.
KINDS = {"live": "non_live", "non_live": "live", "live_oral": "live"}
_GONE = object()


@dataclass(frozen=True)
class CodeMutant:
    name: str  # `case.age: a < b: < → <=`
    trees: Callable[[], dict[str, ast.Module]]


@dataclass(frozen=True)
class RuleMutant:
    name: str  # `vaccines HepB doses hepb-2 months: 1 → 2`
    rules: Callable[[], dict[str, Any]]


def sources() -> dict[str, ast.Module]:
    """The engine's modules by their name below the package; the package itself is the empty one."""
    folder = ROOT / PACKAGE.replace(".", "/")
    return {
        "" if file.stem == "__init__" else file.stem: ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.py"))
    }


def code_mutants(skip: Sequence[str] = ()) -> Iterator[CodeMutant]:
    """Each comparison, `and`, `or`, `max`, `min` and whole number of the engine, one step off."""
    original = sources()
    for name, tree in original.items():
        if name in skip:
            continue
        for place, (what, _) in enumerate(_changes(tree)):
            yield CodeMutant(
                f"{name or '__init__'}.{what}", partial(_changed, original, name, place)
            )


def _changed(original: dict[str, ast.Module], name: str, place: int) -> dict[str, ast.Module]:
    tree = copy.deepcopy(original[name])
    _, change = list(_changes(tree))[place]
    change()
    return original | {name: tree}


def _changes(tree: ast.Module) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each change in words, with the function it is in, and what makes it."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        for what, change in _steps(node, parents):
            yield f"{_function(node, parents)}: {what}", change


def _steps(
    node: ast.AST, parents: dict[ast.AST, ast.AST]
) -> Iterator[tuple[str, Callable[[], None]]]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            new = FLIPPED[type(operator)]
            signs = f"{SIGNS[type(operator)]} → {SIGNS[new]}"
            yield f"{ast.unparse(node)}: {signs}", _setter(node.ops, place, new())
    elif isinstance(node, ast.BoolOp):
        was_and = isinstance(node.op, ast.And)
        words = "and → or" if was_and else "or → and"
        other = ast.Or() if was_and else ast.And()
        yield f"{ast.unparse(node)}: {words}", partial(setattr, node, "op", other)
    elif isinstance(node, ast.Call) and _is_extreme(node.func):
        word = "min" if ast.unparse(node.func) == "max" else "max"
        yield f"{ast.unparse(node)}: → {word}", partial(setattr, node.func, "id", word)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        for step in (1, -1):
            words = f"{ast.unparse(parents[node])}: {node.value} → {node.value + step}"
            yield words, partial(setattr, node, "value", node.value + step)


def _function(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    while node in parents and not isinstance(node, ast.FunctionDef):
        node = parents[node]
    return node.name if isinstance(node, ast.FunctionDef) else "module"


def _is_extreme(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in {"max", "min"}


def _setter(items: list[ast.cmpop], place: int, new: ast.cmpop) -> Callable[[], None]:
    def change() -> None:
        items[place] = new

    return change


class _Twin(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the changed trees under the twin's name."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.trees = trees

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] != TWIN:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname == TWIN)

    def exec_module(self, module: ModuleType) -> None:
        tree = copy.deepcopy(self.trees[module.__name__.removeprefix(TWIN).removeprefix(".")])
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                node.module = TWIN + (node.module or "").removeprefix(PACKAGE)
        code = compile(ast.fix_missing_locations(tree), f"<{module.__name__}>", "exec")
        exec(code, module.__dict__)


def imported(trees: dict[str, ast.Module]) -> ModuleType:
    """The package of a changed engine. Raises whatever the changed code raises on import."""
    twin = _Twin(trees)
    sys.meta_path.insert(0, twin)
    try:
        return importlib.import_module(TWIN)
    finally:
        sys.meta_path.remove(twin)
        for name in [name for name in sys.modules if name.split(".")[0] == TWIN]:
            del sys.modules[name]


def rule_mutants(rules: dict[str, Any]) -> Iterator[RuleMutant]:
    """Each number one step off, each flag switched, each row and each optional entry taken out."""
    for path, value in _entries(rules, ()):
        for what, new in _others(path, value):
            name = f"{_named(rules, path)}: {_short(value)} → {what}"
            yield RuleMutant(name, partial(_with, rules, path, new))


def _entries(node: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    """Every entry that the engine may read, with its place in the file."""
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in entries:
        if key in WORDS_FOR_PEOPLE:
            continue
        yield (*path, key), value
        if isinstance(value, dict | list):
            yield from _entries(value, (*path, key))


def _others(path: Path_, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield str(not value), not value
    elif isinstance(value, int):
        yield str(value + 1), value + 1
        yield str(value - 1), value - 1
    elif isinstance(value, date):
        yield "a day later", value + timedelta(days=1)
        yield "a day earlier", value - timedelta(days=1)
    elif isinstance(value, str) and value in KINDS:
        yield KINDS[value], KINDS[value]
    if len(path) > 1:
        yield "gone", _GONE


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _named(rules: Any, path: Path_) -> str:
    """The way to an entry in words: vaccines HepB doses hepb-2 months."""
    node, words = rules, []
    for key in path:
        node = node[key]
        names = node if isinstance(key, int) and isinstance(node, dict) else {}
        words.append(str(names.get("code") or names.get("id") or key))
    return " ".join(words)


def _with(rules: dict[str, Any], path: Path_, new: Any) -> dict[str, Any]:
    changed = copy.deepcopy(rules)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    if new is _GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = new
    return changed
