"""The sentences of content/wording/errors.yaml, as the mini-program needs them."""

from collections.abc import Mapping
from pathlib import Path

import yaml

HEAD = """\
/** Made from content/wording/errors.yaml by `python -m backend wording`. Do not edit. */
export const SENTENCES: Record<string, string> = {
"""


class WrongWording(Exception):
    """The file is not a list of codes with a sentence each; the text says where."""


def load_sentences(file: Path) -> dict[str, str]:
    """Error code → Chinese sentence, by code. Raises WrongWording."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise WrongWording(f"{file}: not a mapping")
    for code, sentence in found.items():
        if not isinstance(code, str) or not code.isidentifier() or code != code.lower():
            raise WrongWording(f"{file}: {code!r} is not a code")
        if not isinstance(sentence, str) or not sentence.strip():
            raise WrongWording(f"{file}: {code} has no sentence")
    return dict(sorted(found.items()))


def as_typescript(sentences: Mapping[str, str]) -> str:
    """The whole module, formatted as prettier formats it."""
    lines = (f"  {code}: {_quoted(sentence)},\n" for code, sentence in sentences.items())
    return HEAD + "".join(lines) + "};\n"


def _quoted(sentence: str) -> str:
    text = sentence.replace("\\", "\\\\").replace("\n", "\\n")
    if "'" in text and '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "\\'") + "'"


def write(source: Path, target: Path, *, only_check: bool) -> bool:
    """Make `target` from `source`; with `only_check` look only. True when nothing differed.

    Raises WrongWording.
    """
    wanted = as_typescript(load_sentences(source))
    same = target.exists() and target.read_text(encoding="utf-8") == wanted
    if not same and not only_check:
        target.write_text(wanted, encoding="utf-8")
    return same
