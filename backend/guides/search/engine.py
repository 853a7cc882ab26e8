"""Scores and order: how well a piece answers, with the hits marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Protocol

from backend.guides.search.fields import Fields, fold
from backend.guides.search.pinyin import index_of, sounds
from backend.guides.search.query import Query, Term, read_query
from backend.guides.search.words import Lexicon

IS_TAG, IN_TITLE, IN_TAG, IN_SUMMARY, IN_TEXT = 6.0, 8.0, 4.0, 3.0, 1.0
MOST_IN_TEXT = 4  # hits in the text that count
SYNONYM = 0.8
ENOUGH = 0.45  # of what the words weigh must be found, if any piece has that much
TYPED_AGE, SAID_AGE, CHILDS_AGE = 10.0, 12.0, 5.0
WIDEST = 2556  # days: a window from birth to the end of the service says nothing of an age
OTHER_AGE = 0.75
SOUND = 5.0
SNIPPET = 46  # characters
SHORTEST_SOUND = 2


class Searchable(Protocol):
    """What can be found."""

    @property
    def title(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def window(self) -> tuple[int, int] | None: ...
    @property
    def fields(self) -> Fields: ...


Marked = tuple[tuple[str, bool], ...]
"""A text in pieces; true where the query was found."""


@dataclass(frozen=True)
class Found:
    """`place` of a piece in what was searched, and why it was found."""

    place: int
    score: float
    title: Marked
    snippet: Marked


class Engine:
    """Searches a fixed set of pieces."""

    def __init__(self, pieces: Sequence[Searchable], lexicon: Lexicon) -> None:
        self._pieces = pieces
        self._lexicon = lexicon
        self._sounds = [index_of((fold(one.title), *one.fields.tags)) for one in pieces]

    def search(self, typed: str, *, age_days: int | None = None, most: int = 20) -> list[Found]:
        """The best pieces first. `age_days`: of the reader's child; a typed age counts more."""
        query = read_query(typed, self._lexicon)
        scored = self._scored(query, age_days)
        if not scored and query.terms:
            query = self._as_it_sounds(query)
            scored = self._scored(query, age_days)
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        marks = [form for term in query.terms for form in term.forms]
        return [self._found(score, place, marks) for score, place in scored[:most]]

    def near(self, typed: str, most: int = 6) -> list[str]:
        """Words of the library that share a character with what was typed, for “nothing found”."""
        characters = set(fold(typed)) - set("".join(self._lexicon.fillers))
        shared = [(len(characters & set(word)), word) for word in self._lexicon.known]
        best = sorted((pair for pair in shared if pair[0]), key=lambda p: (-p[0], len(p[1]), p[1]))
        return [word for _, word in best[:most]]

    def _scored(self, query: Query, age_days: int | None) -> list[tuple[float, int]]:
        weights = [[_weight(one.fields, term) for one in self._pieces] for term in query.terms]
        rare = [
            _rarity(column) * term.weight for column, term in zip(weights, query.terms, strict=True)
        ]
        whole = sum(rare)
        scored, covered = [], []
        for place, piece in enumerate(self._pieces):
            found = [value for value, column in zip(rare, weights, strict=True) if column[place]]
            score = sum(value * column[place] for value, column in zip(rare, weights, strict=True))
            score += self._sound(query.latin, place)
            if score:
                score *= _other_age(piece, query.age_days or age_days)
                score += _age_bonus(piece, query, age_days)
                scored.append((score, place))
                covered.append(sum(found) / whole if whole else 1.0)
        enough = min(ENOUGH, max(covered, default=0.0))
        return [one for one, share in zip(scored, covered, strict=True) if share >= enough]

    def _sound(self, latin: str, place: int) -> float:
        if len(latin) < SHORTEST_SOUND:
            return 0.0
        typed = self._sounds[place]
        if f" {latin} " in f"{typed} ":
            return 2 * SOUND
        return SOUND if f" {latin}" in typed else 0.0

    def _as_it_sounds(self, query: Query) -> Query:
        """黄胆 is looked for as 黄疸: nothing was found as it was written."""
        terms = []
        for term in query.terms:
            same = [
                form
                for said in sorted(sounds(term.word)[1])
                for word in self._lexicon.by_sound.get(said, ())
                for form in self._lexicon.forms(word)
            ]
            terms.append(Term(tuple(dict.fromkeys((term.word, *same))), term.weight))
        return replace(query, terms=tuple(terms))

    def _found(self, score: float, place: int, marks: Sequence[str]) -> Found:
        piece = self._pieces[place]
        return Found(place, score, mark(piece.title, marks), _snippet(piece, marks))


def _weight(fields: Fields, term: Term) -> float:
    best = 0.0
    for number, form in enumerate(term.forms):
        if form in fields.whole:
            weight = _weight_of_form(fields, form) * (SYNONYM if number else 1.0)
            best = max(best, weight)
    return best


def _weight_of_form(fields: Fields, form: str) -> float:
    weight = IN_TITLE * (form in fields.title) + IN_SUMMARY * (form in fields.summary)
    if form in fields.tags:
        weight += IS_TAG
    elif any(form in tag for tag in fields.tags):
        weight += IN_TAG
    return weight + IN_TEXT * min(fields.text.count(form), MOST_IN_TEXT) / 2


def _rarity(column: Sequence[float]) -> float:
    """A word that stands in every piece tells little."""
    having = sum(1 for weight in column if weight)
    return log((len(column) + 1) / (having + 0.5)) if having else 1.0


def _other_age(piece: Searchable, age_days: int | None) -> float:
    """Less for a piece that is written for children of another age."""
    if age_days is None or piece.window is None:
        return 1.0
    return 1.0 if piece.window[0] <= age_days <= piece.window[1] else OTHER_AGE


def _age_bonus(piece: Searchable, query: Query, childs: int | None) -> float:
    bonus = 0.0
    if query.age_said and re.search(rf"(?<!\d){query.age_said}", piece.title):
        bonus += SAID_AGE
    for age, most in ((query.age_days, TYPED_AGE), (childs, CHILDS_AGE)):
        if age is not None and piece.window and piece.window[0] <= age <= piece.window[1]:
            width = piece.window[1] - piece.window[0]
            bonus += most * (1 - min(width, WIDEST) / (1.25 * WIDEST))
    return bonus


def mark(text: str, marks: Sequence[str]) -> Marked:
    """Split a text at the longest hits."""
    folded = fold(text)
    if len(folded) != len(text):  # a character that folds into two: show it unmarked
        return ((text, False),)
    hit = [False] * len(text)
    for form in marks:
        begin = folded.find(form)
        while form and begin >= 0:
            hit[begin : begin + len(form)] = [True] * len(form)
            begin = folded.find(form, begin + 1)
    return tuple(_runs(text, hit))


def _runs(text: str, hit: Sequence[bool]) -> Iterator[tuple[str, bool]]:
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or hit[place] != hit[begin]:
            yield text[begin:place], hit[begin]
            begin = place


def _snippet(piece: Searchable, marks: Sequence[str]) -> Marked:
    """The summary if it holds a hit, else the stretch of the text around the first one."""
    if any(form in piece.fields.summary for form in marks):
        return mark(piece.summary, marks)
    text = piece.fields.text  # folded: only Latin letters look another way
    places = [place for form in marks if (place := text.find(form)) >= 0]
    if not places:
        return ((piece.summary, False),)
    begin = max(0, min(places) - SNIPPET // 3)
    line = text[begin : begin + SNIPPET].replace("\n", " ").strip()
    before = "…" if begin else ""
    return mark(f"{before}{line}…", marks)
