"""How words sound: initials (fs) and whole (fashao), with every reading of a character.

pypinyin's table of characters is used without its phrases, which would cost 40 MB a process;
instead each reading of a character counts.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import islice, product

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # documented switch, read at its import
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

from pypinyin.pinyin_dict import pinyin_dict

MOST_READINGS = 12  # of one word: 长牙 has zy and cy
LATIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def sounds(word: str) -> tuple[frozenset[str], frozenset[str]]:
    """The initials and the whole pinyin of a folded word, in all its readings."""
    syllables = [_readings(character) for character in word if _is_said(character)]
    if not syllables:
        return frozenset(), frozenset()
    whole = {"".join(said) for said in islice(product(*syllables), MOST_READINGS)}
    firsts = [tuple(dict.fromkeys(one[0] for one in said)) for said in syllables]
    initials = {"".join(said) for said in islice(product(*firsts), MOST_READINGS)}
    return frozenset(initials), frozenset(whole)


def index_of(words: Iterable[str]) -> str:
    """Everything these words can be typed as, each after a space, so that a prefix can be found."""
    typed: set[str] = set()
    for word in words:
        for kind in sounds(word):
            typed |= kind
    return " " + " ".join(sorted(typed))


def _is_said(character: str) -> bool:
    return character in LATIN or ord(character) in pinyin_dict


@cache
def _readings(character: str) -> tuple[str, ...]:
    if character in LATIN:
        return (character,)
    marked = pinyin_dict[ord(character)].split(",")
    return tuple(dict.fromkeys(_plain(one) for one in marked))


def _plain(syllable: str) -> str:
    """zhǎng → zhang, lǜ → lv."""
    letters = unicodedata.normalize("NFD", syllable.replace("ü", "v").replace("ǜ", "v"))
    letters = letters.replace("u\u0308", "v")
    return "".join(letter for letter in letters if letter in LATIN)
