"""What staff write down about a centre: who runs it, where it is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.models import Centre
from backend.centres.place_models import Institution
from backend.centres.places import Places
from backend.centres.rooms import NameUsed
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Invalid, NotFound

LONGEST = {"name": 40, "address": 80}  # characters
LABELS = {"name": "名称", "address": "地址"}
LATITUDES, LONGITUDES = (Decimal(18), Decimal(54)), (Decimal(73), Decimal(136))  # of the country


@dataclass(frozen=True)
class CentreEntry:
    """Coordinates are GCJ-02, as WeChat's maps have them."""

    town_code: str
    name: str
    address: str
    phone_public: str | None = None
    village_code: str | None = None
    institution_id: int | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


def add_centre(
    session: Session, clock: Clock, places: Places, entry: CentreEntry, *, actor: str
) -> Centre:
    """A new centre. Raises Invalid, UnknownTown, UnknownVillage, NotFound or NameUsed."""
    centre = Centre(created_at=clock.now())
    _write(session, places, centre, entry)
    _note(session, clock, actor, "added", centre.id)
    return centre


def change_centre(
    session: Session,
    clock: Clock,
    places: Places,
    *,
    centre: Centre,
    entry: CentreEntry,
    actor: str,
) -> None:
    """Write a centre down anew. Raises what `add_centre` raises."""
    _write(session, places, centre, entry)
    _note(session, clock, actor, "changed", centre.id)


def _write(session: Session, places: Places, centre: Centre, entry: CentreEntry) -> None:
    _check(entry)
    places.town(entry.town_code)
    if entry.village_code:
        places.village(entry.town_code, entry.village_code)
    if entry.institution_id and session.get(Institution, entry.institution_id) is None:
        raise NotFound("没有这家机构")
    centre.town_code = entry.town_code
    centre.name, centre.address = entry.name.strip(), entry.address.strip()
    centre.phone_public = (entry.phone_public or "").strip() or None
    centre.village_code = entry.village_code or None
    centre.institution_id = entry.institution_id or None
    centre.latitude, centre.longitude = entry.latitude, entry.longitude
    session.add(centre)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameUsed from error


def _check(entry: CentreEntry) -> None:
    texts = {name: getattr(entry, name).strip() for name in LONGEST}
    wrong = [
        f"请填写{LABELS[name]}，不超过 {LONGEST[name]} 字"
        for name, text in texts.items()
        if not 0 < len(text) <= LONGEST[name]
    ]
    if (entry.latitude is None) != (entry.longitude is None):
        wrong.append("经纬度要么都填，要么都不填")
    elif not (_lies(entry.latitude, LATITUDES) and _lies(entry.longitude, LONGITUDES)):
        wrong.append("经纬度不对：纬度在前，如 31.91000，经度在后，如 120.28000")
    if wrong:
        raise Invalid("；".join(wrong))


def _lies(value: Decimal | None, between: tuple[Decimal, Decimal]) -> bool:
    return value is None or between[0] <= value <= between[1]


def _note(session: Session, clock: Clock, actor: str, act: str, centre_id: int) -> None:
    audit.record(session, clock, actor=actor, action=f"centre.{act}", subject=f"centre:{centre_id}")
