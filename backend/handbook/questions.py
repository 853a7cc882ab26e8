"""What a family is asked once: only what would change an answer, and with the rule that asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from backend.handbook.doses import KnownFacts, Records, believable
from backend.handbook.source import Exposure, Mother
from backend.handbook.vaccines import Programme, Status, forecast


class Asked(StrEnum):
    MOTHER = "mother_hbsag"
    BIRTH_WEIGHT = "birth_grams"
    HAD_VARICELLA = "had_varicella"
    IMMUNOGLOBULIN = "immunoglobulin"


@dataclass(frozen=True)
class Question:
    asked: Asked
    why: str


def questions(programme: Programme, records: Records, on: date) -> list[Question]:
    """Those of which one answer would say something else of an open dose than another."""
    return [
        Question(asked, why)
        for asked, why, answers in _every(programme, records.known, on)
        if len({_open(programme, replace(records, known=one), on) for one in answers}) > 1
    ]


def _every(
    programme: Programme, known: KnownFacts, on: date
) -> Iterator[tuple[Asked, str, list[KnownFacts]]]:
    exposures = [vaccine.exposure for vaccine in programme.vaccines if vaccine.exposure]
    for exposure in exposures:
        mothers = [replace(known, mother=one) for one in (None, *Mother)]
        yield Asked.MOTHER, f"{exposure.first.text}；{exposure.check.text}", mothers
        yield Asked.BIRTH_WEIGHT, exposure.low_weight.text, _weights(known, exposure)
    for vaccine in programme.vaccines:
        if vaccine.had_varicella is not None:
            both = [replace(known, had_varicella=one) for one in (True, False)]
            yield Asked.HAD_VARICELLA, vaccine.had_varicella.text, both
    limit = programme.limit(programme.file.limits.immunoglobulin)
    used = [replace(known, immunoglobulin=days) for days in ((), (on,))]
    yield Asked.IMMUNOGLOBULIN, limit.text, used


def _weights(known: KnownFacts, exposure: Exposure) -> list[KnownFacts]:
    limit = exposure.below_grams
    return [replace(known, birth_grams=grams) for grams in (limit - 1, limit)]


def _open(
    programme: Programme, records: Records, on: date
) -> tuple[tuple[str, Status, date | None, str], ...]:
    answers = forecast(programme, believable(programme, records, on), on)
    return tuple(
        (one.id, one.status, one.earliest, one.reason)
        for one in answers
        if one.status is not Status.GIVEN
    )
