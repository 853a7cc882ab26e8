"""What a family said once of its child, coming back: what nobody has said here is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.handbook.doses import KnownFacts
from backend.handbook.source import Mother
from backend.rights.take_along.files import FactsRow

MOTHERS = {Mother.POSITIVE: "阳性", Mother.NEGATIVE: "阴性", Mother.UNKNOWN: "不清楚"}


@dataclass(frozen=True)
class Differing:
    """The same thing, said in two ways."""

    title: str
    ours: str
    theirs: str


def joined(ours: KnownFacts, file: FactsRow) -> KnownFacts:
    """Ours with what the file adds. Days of immunoglobulin add up."""
    days = {*ours.immunoglobulin, *file.immunoglobulin}
    return KnownFacts(
        mother=file.mother_hbsag if ours.mother is None else ours.mother,
        birth_grams=file.birth_grams if ours.birth_grams is None else ours.birth_grams,
        had_varicella=file.had_varicella if ours.had_varicella is None else ours.had_varicella,
        immunoglobulin=tuple(sorted(days)),
    )


def differing(ours: KnownFacts, file: FactsRow) -> Iterator[Differing]:
    mine, theirs = ours.mother, file.mother_hbsag
    if None not in (mine, theirs) and mine is not theirs:
        yield Differing("母亲乙肝表面抗原", _mother(mine), _mother(theirs))
    grams = (ours.birth_grams, file.birth_grams)
    if None not in grams and grams[0] != grams[1]:
        yield Differing("出生体重", f"{grams[0]}克", f"{grams[1]}克")
    varicella = (ours.had_varicella, file.had_varicella)
    if None not in varicella and varicella[0] is not varicella[1]:
        yield Differing("得过水痘", _yes(varicella[0]), _yes(varicella[1]))


def _mother(said: Mother | None) -> str:
    return "" if said is None else MOTHERS[said]


def _yes(said: bool | None) -> str:
    return "是" if said else "否"
