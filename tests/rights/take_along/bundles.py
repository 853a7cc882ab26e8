"""What a bundle says, without the addresses and times that are of the city that wrote it."""

import json
from typing import Any

Json = dict[str, Any]
OF_THE_CITY = {"fullUrl", "identifier", "issued", "reference", "timestamp", "name"}


def facts_of_bundle(bundle: Json) -> set[str]:
    """Each resource as one text. What was booked stays where it was booked."""
    every = [entry["resource"] for entry in bundle["entry"]]
    return {
        json.dumps(_without(one), ensure_ascii=False, sort_keys=True)
        for one in every
        if one["resourceType"] != "Appointment" or one["status"] == "proposed"
    }


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(one) for one in value]
    if isinstance(value, dict):
        return {name: _without(one) for name, one in value.items() if name not in OF_THE_CITY}
    return value
