"""What stands in the fields of a template that somebody has just chosen: proposed by its labels.

Pure. A proposal is a beginning: a field for which nothing fits stays empty, and nothing is saved
without a person and the proof.
"""

from collections.abc import Sequence
from typing import TypeVar

from backend.accounts.templates import Chosen
from backend.outbox.fields import UnfitValue, kind_of_field
from backend.outbox.forms import Form, FormField
from backend.outbox.templates import Template

EMPTY = ""
# What fits a field of one kind fits this one as well.
FITS_AS_WELL = frozenset({("time", "date"), ("phrase", "thing"), ("thing", "name")})


One = TypeVar("One", bound=Chosen)


def best_of(template: Template, chosen: Sequence[One]) -> One | None:
    """The one with the title that templates.yaml names; else the only one; else none."""
    title = template.wechat.title if template.wechat else ""
    named = [one for one in chosen if one.title == title]
    if named:
        return named[0]
    return chosen[0] if len(chosen) == 1 else None


def proposed(template: Template, chosen: Chosen, before: Form | None = None) -> Form:
    """`before`: the form that is in use; what it says of this very template is kept."""
    if before is not None and before.template_id == chosen.id:
        kept = {one.name: one for one in before.fields}
    else:
        kept = _matched(template, chosen)
    fields = tuple(
        FormField(
            name,
            label,
            kept[name].text if name in kept else EMPTY,
            kept[name].variants if name in kept else {},
            tuple(chosen.values.get(name, ())),
        )
        for name, label in chosen.fields.items()
    )
    return Form(chosen.id, chosen.title, chosen.kind, fields)


def _matched(template: Template, chosen: Chosen) -> dict[str, FormField]:
    """Our field for WeChat's: the same label before a like one, and each of ours once."""
    free = list(template.own_fields())
    found: dict[str, FormField] = {}
    for alike in (_same_label, _like_label):
        for name, label in chosen.fields.items():
            ours = next(
                (
                    one
                    for one in free
                    if name not in found and _fits(one, name) and alike(one, label)
                ),
                None,
            )
            if ours is not None:
                found[name] = ours
                free.remove(ours)
    return found


def _same_label(ours: FormField, label: str) -> bool:
    return ours.label == label


def _like_label(ours: FormField, label: str) -> bool:
    """They share their last two characters (预约时间, 服务时间), or one holds the other."""
    return ours.label[-2:] == label[-2:] or ours.label in label or label in ours.label


def _fits(ours: FormField, name: str) -> bool:
    try:
        kinds = kind_of_field(ours.name), kind_of_field(name)
    except UnfitValue:
        return False
    return kinds[0] == kinds[1] or kinds in FITS_AS_WELL
