"""What a parent typed, as words and perhaps an age."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.guides.search.fields import fold
from backend.guides.search.words import Lexicon

MAX_QUERY = 40  # characters; longer queries are cut
NOT_WORDS = re.compile(r"[^\w]+")
LATIN = re.compile(r"[a-z]+")
DIGITS = {one: number for number, one in enumerate("零一二三四五六七八九")} | {"两": 2}
NUMBER = r"(\d{1,2}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
YEARS = re.compile(NUMBER + r"周?岁(半)?")
MONTHS = re.compile(NUMBER + r"个?月(?:龄|大)?")
HALF_YEAR = re.compile(r"半岁")
DAYS_A_MONTH = 30.4375
MOST_MONTHS = 84
ONE_CHARACTER = 0.2  # weight: a character alone is mostly what is left of a word
UNKNOWN = 0.5  # weight of a word that no list holds
UNKNOWN_PIECE = 4  # characters: a longer stretch that nobody knows is looked for in pairs


@dataclass(frozen=True)
class Term:
    """One word, in all the forms in which it may stand. `weight` below 1: a guess."""

    forms: tuple[str, ...]
    weight: float = 1.0

    @property
    def word(self) -> str:
        return self.forms[0]


@dataclass(frozen=True)
class Query:
    """`latin`: letters that may be pinyin. `age_days`: an age that was typed, and how titles
    say it (`8月`, `2岁`)."""

    terms: tuple[Term, ...]
    latin: str
    age_days: int | None
    age_said: str = ""


def read_query(typed: str, lexicon: Lexicon) -> Query:
    """“七个月宝宝吃什么” → an age of 213 days and the word 吃什么 with its synonyms."""
    text = fold(typed)[:MAX_QUERY]
    months, rest = _age(text)
    terms: list[Term] = []
    for chunk in NOT_WORDS.sub(" ", rest).split():
        terms += _terms(chunk, lexicon)
    if not terms and months is not None:  # only an age was typed
        terms = _terms(NOT_WORDS.sub("", text), lexicon)
    letters = NOT_WORDS.sub("", text)
    latin = letters if LATIN.fullmatch(letters) else ""
    unique = {term.word: term for term in terms}
    if months is None:
        return Query(tuple(unique.values()), latin, None)
    return Query(tuple(unique.values()), latin, round(months * DAYS_A_MONTH), _said(months))


def typed_age_days(typed: str) -> tuple[int | None, str]:
    """An age of months or years that somebody typed, in days, and the words without it."""
    months, rest = _age(fold(typed)[:MAX_QUERY])
    words = NOT_WORDS.sub("", rest)
    return (None if months is None else round(months * DAYS_A_MONTH)), words


def _said(months: int) -> str:
    years, rest = divmod(months, 12)
    return f"{months}月" if months < 24 else f"{years}岁{'半' if rest == 6 else ''}"


def _age(text: str) -> tuple[int | None, str]:
    """An age in months, and the text without it."""
    if found := YEARS.search(text):
        months = _number(found[1]) * 12 + (6 if found[2] else 0)
    elif found := HALF_YEAR.search(text):
        months = 6
    elif found := MONTHS.search(text):
        months = _number(found[1])
    else:
        return None, text
    if months > MOST_MONTHS:
        return None, text
    return months, f"{text[: found.start()]} {text[found.end() :]}"


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS[ones]
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)


def _terms(chunk: str, lexicon: Lexicon) -> list[Term]:
    terms: list[Term] = []
    unknown = ""
    place = 0
    while place < len(chunk):
        word = _longest(chunk, place, lexicon)
        if word is None:
            unknown += chunk[place]
            place += 1
            continue
        terms += _unknown(unknown, lexicon)
        unknown = ""
        if word not in lexicon.fillers or word in lexicon.known:
            terms.append(Term(lexicon.forms(word)))
        place += len(word)
    return terms + _unknown(unknown, lexicon)


def _longest(chunk: str, place: int, lexicon: Lexicon) -> str | None:
    """The longest word of the library, or filler, that begins at this place."""
    for length in range(min(lexicon.longest, len(chunk) - place), 0, -1):
        word = chunk[place : place + length]
        if word in lexicon.known or word in lexicon.fillers:
            return word
    return None


def _unknown(text: str, lexicon: Lexicon) -> list[Term]:
    """Words that no list holds: as they stand, and what sounds the same; long ones in pairs."""
    if not text:
        return []
    if len(text) == 1:
        return [Term((text,), ONE_CHARACTER)]
    if len(text) <= UNKNOWN_PIECE:
        return [Term((text,), UNKNOWN)]
    return [Term((text[place : place + 2],), UNKNOWN) for place in range(len(text) - 1)]
