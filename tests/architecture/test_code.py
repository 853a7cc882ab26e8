"""How our Python is written. What ruff, mypy and import-linter check is not repeated here."""

import ast
from collections.abc import Iterator
from pathlib import PurePath

from tests.architecture.sources import FEATURES, Source, below, dotted, sources

LINES_OF_A_MODULE = {"backend": 400, "migrations": 400, ".ci": 400, "tests": 600}
LINES_OF_A_FUNCTION = 50
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "misc"}


def test_features_never_commit() -> None:
    """The caller opens the transaction, once, where one can see it."""
    found = [
        _where(source, call)
        for source in below(*(f"backend/{feature}" for feature in FEATURES))
        for call in _calls(source)
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "rollback"}
    ]
    assert found == []


def test_no_column_takes_its_time_from_the_database() -> None:
    """A test moves a clock; nobody can move the database's."""
    names = {"func.now", "sa.func.now", "func.current_timestamp", "sa.func.current_timestamp"}
    called = [
        _where(source, call)
        for source in below("backend", "migrations")
        for call in _calls(source)
        if dotted(call.func) in names
    ]
    written = [
        _where(source, keyword.value)
        for source in below("backend", "migrations")
        for keyword in ast.walk(source.tree)
        if isinstance(keyword, ast.keyword)
        and keyword.arg in {"default", "server_default", "onupdate"}
        and any(word in ast.unparse(keyword.value).lower() for word in ("now(", "current_"))
    ]
    assert called + written == []


def test_a_module_is_read_in_one_sitting() -> None:
    found = {
        source.path: len(source.text.splitlines())
        for source in sources()
        if len(source.text.splitlines()) > LINES_OF_A_MODULE[source.path.split("/")[0]]
    }
    assert found == {}


def test_a_function_fits_on_a_screen() -> None:
    """Migrations apart: a table is as long as it is."""
    found = {
        _where(source, node): node.end_lineno - node.lineno + 1
        for source in below("backend", "tests", ".ci")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION
    }
    assert found == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    found = [
        source.path
        for source in sources()
        if NAMES_THAT_SAY_NOTHING & {part.removesuffix(".py") for part in _parts(source)}
    ]
    assert found == []


def test_nothing_patches_our_modules() -> None:
    """A fake implements our own protocol and is handed in."""
    found = [
        _where(source, node)
        for source in sources()
        for node in ast.walk(source.tree)
        if _imports(node, "unittest.mock") or _patches(node)
    ]
    assert found == []


def test_the_sandbox_is_imported_by_its_command_alone() -> None:
    allowed = {"backend/cli/__init__.py", "backend/cli/sandbox.py"}
    found = [
        _where(source, node)
        for source in below("backend")
        for node in ast.walk(source.tree)
        if _imports(node, "backend.sandbox")
        and source.path not in allowed
        and not source.path.startswith("backend/sandbox/")
    ]
    assert found == []


def test_the_sandbox_stands_on_the_kernel_at_most() -> None:
    ours = [
        _where(source, node)
        for source in below("backend/sandbox")
        for node in ast.walk(source.tree)
        if _imports(node, "backend")
        and not _imports(node, "backend.sandbox")
        and not _imports(node, "backend.kernel")
    ]
    assert ours == []


def test_no_word_of_work_left_undone() -> None:
    words = tuple(f"{word}" for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X:"))
    found = [
        f"{source.path}:{number}"
        for source in sources()
        for number, line in enumerate(source.text.splitlines(), 1)
        if any(word in line for word in words)
    ]
    assert found == []


def test_no_test_is_skipped() -> None:
    names = {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}
    found = [
        _where(source, node)
        for source in below("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and dotted(node) in names
    ]
    assert found == []


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _imports(node: ast.AST, package: str) -> bool:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return False
    return any(name == package or name.startswith(f"{package}.") for name in names)


def _patches(node: ast.AST) -> bool:
    """monkeypatch.setattr("backend.…", …)."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setattr"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).startswith("backend")
    )


def _parts(source: Source) -> tuple[str, ...]:
    return PurePath(source.path).parts


def _where(source: Source, node: ast.expr | ast.stmt | ast.AST) -> str:
    return f"{source.path}:{getattr(node, 'lineno', 0)}"
