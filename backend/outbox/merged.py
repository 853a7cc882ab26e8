"""A message about several things of several children: `children` in its facts. Pure.

Each entry of `children` holds a child's id and its `items`; each item holds the facts of one
thing, and in `say` the way it is told of. A message without the list tells of one thing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from backend.outbox.values import FactKind, MissingFact, fill, value_of

CHILDREN = "children"
SAY = "say"
SEVERAL = "several"  # the wording for several things of one child
SEVERAL_CHILDREN = "children"
FACTS: Mapping[str, FactKind] = {
    "list": FactKind.TEXT,  # every thing as `each` says it, with the child's name before its own
    "titles": FactKind.TEXT,  # the same without days and names, for a short field
    "number": FactKind.NUMBER,
}
TITLE = "item_title"
SAMPLE_CHILDREN = (1, 2, 3)


def child_ids(facts: Mapping[str, Any]) -> list[int]:
    """The children that a message tells of, none for one without the list."""
    return [int(told["child_id"]) for told in facts.get(CHILDREN, ())]


def flattened(
    each: Mapping[str, str],
    kinds: Mapping[str, FactKind],
    facts: Mapping[str, Any],
    names: Mapping[int, str],
    nameless: str,
) -> dict[str, Any]:
    """The facts of the first thing, of the list, and the wording that suits the number.

    One thing is said in the wording named like its way of telling. Raises MissingFact.
    """
    told = facts.get(CHILDREN) or [{"child_id": facts["child_id"], "items": [facts]}]
    items = [item for child in told for item in child["items"]]
    if not items:
        raise MissingFact(CHILDREN)
    lists = ["、".join(_one(each, kinds, item) for item in child["items"]) for child in told]
    if len(told) == 1:
        said, wording = lists[0], SEVERAL if len(items) > 1 else str(items[0].get(SAY, ""))
        child = facts["child"]
    else:
        known = [names.get(int(one["child_id"]), nameless) for one in told]
        said = "；".join(f"{name}：{of_it}" for name, of_it in zip(known, lists, strict=True))
        wording, child = SEVERAL_CHILDREN, "、".join(known)
    titles = dict.fromkeys(str(item.get(TITLE)) for item in items)
    first = min(items, key=lambda item: str(item.get("due_date", "")))
    more = {"child": child, "list": said, "titles": "、".join(titles), "number": len(items)}
    return {"wording": wording, **facts, **first, **more}


def samples(each: Mapping[str, str], facts: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The shapes that a message with these facts may have."""
    if not each:
        return
    items = [{**facts, SAY: say} for say in each]
    for item in items:
        yield {CHILDREN: [{"child_id": SAMPLE_CHILDREN[0], "items": [item]}]}
    for number in range(1, len(SAMPLE_CHILDREN) + 1):
        yield {CHILDREN: [{"child_id": one, "items": items} for one in SAMPLE_CHILDREN[:number]]}


def _one(each: Mapping[str, str], kinds: Mapping[str, FactKind], item: Mapping[str, Any]) -> str:
    way = each.get(str(item.get(SAY)), next(iter(each.values())))
    return fill(way, {name: value_of(name, kind, item) for name, kind in kinds.items()})
