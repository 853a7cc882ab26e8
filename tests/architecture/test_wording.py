"""Each refusal has one code and one sentence, in the code and in content/wording/errors.yaml."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import backend
from backend.api.errors import FRAMEWORK
from backend.cli import main
from backend.cli.wording import WrongWording, as_typescript, load_sentences, write
from backend.kernel.errors import DomainError
from tests.architecture.sources import ROOT

WORDING = ROOT / "content" / "wording" / "errors.yaml"


def test_every_refusal_says_what_the_list_says() -> None:
    said: dict[str, set[str]] = {}
    for kind in _refusals():
        said.setdefault(kind.code, set()).add(kind.message)
    for code, sentence in FRAMEWORK.values():
        said.setdefault(code, set()).add(sentence)

    assert said == {code: {sentence} for code, sentence in load_sentences(WORDING).items()}


def test_a_sentence_is_chinese_and_does_not_shout() -> None:
    for code, sentence in load_sentences(WORDING).items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence), code
        assert not sentence.endswith(("。", "！", "!")), code  # it stands alone, in a toast
        assert len(sentence) <= 40, code


def test_the_mini_program_holds_the_same_sentences() -> None:
    answer = CliRunner().invoke(main, ["wording", "--check"])

    assert answer.exit_code == 0, answer.output


def test_another_sentence_is_noticed_and_written(tmp_path: Path) -> None:
    source, target = tmp_path / "errors.yaml", tmp_path / "messages.generated.ts"
    source.write_text("slot_full: 满了\nbusy: 它说 'don\\t'\n", encoding="utf-8")

    assert not write(source, target, only_check=True)
    assert not target.exists()
    assert not write(source, target, only_check=False)
    assert write(source, target, only_check=True)
    text = target.read_text(encoding="utf-8")
    assert text.index("busy") < text.index("slot_full: '满了',")
    assert "\"它说 'don\\\\t'\"" in text


def test_both_quotes_in_one_sentence_stay_one_string() -> None:
    assert "  a: 'it\\'s \"so\"'," in as_typescript({"a": 'it\'s "so"'})


@pytest.mark.parametrize("wrong", ["- list", "Slot: x", "slot-full: x", "slot_full: ''", "1: x"])
def test_a_wrong_list_is_refused(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "errors.yaml"
    file.write_text(wrong, encoding="utf-8")

    with pytest.raises(WrongWording):
        load_sentences(file)


def _refusals() -> Iterator[type[DomainError]]:
    """DomainError and every kind of it that the product knows."""
    for module in pkgutil.walk_packages(backend.__path__, "backend."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    open_ends: list[type[DomainError]] = [DomainError]
    while open_ends:
        kind = open_ends.pop()
        open_ends += kind.__subclasses__()
        if kind.__module__.startswith("backend."):
            yield kind
