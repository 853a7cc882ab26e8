"""Institutions that run centres, and what the towns buy of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.centres.models import Centre
from backend.centres.place_models import Contract, ContractUnit, Institution
from backend.centres.rooms import NameUsed
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 60  # characters
UNIT_TITLES = {ContractUnit.SESSION: "按人次", ContractUnit.FAMILY: "按户（每月一次）"}
LONGEST_TERM_YEARS = 5
DEAREST_FEN = 2_000_000_000  # an int4 column; 20 million yuan


class ContractOverlaps(Conflict):
    code = "contract_overlaps"
    message = "这家机构在这个街镇已有同期合同，请改起止日期"


@dataclass(frozen=True)
class InstitutionEntry:
    """What staff write down about an institution. `filing_number`: 备案号."""

    name: str
    filing_number: str | None = None
    phone_public: str | None = None


@dataclass(frozen=True)
class NewContract:
    """Both days included; money in fen, `ceiling_fen` of the whole term, None: no limit."""

    institution_id: int
    town_code: str
    valid_from: date
    valid_until: date
    unit: ContractUnit
    price_fen: int
    ceiling_fen: int | None = None


@dataclass(frozen=True)
class ContractRow(NewContract):
    id: int = 0

    @property
    def unit_title(self) -> str:
        return UNIT_TITLES[self.unit]

    def runs_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_until


@dataclass(frozen=True)
class InstitutionRow(InstitutionEntry):
    """An institution with its contracts, the newest first."""

    id: int = 0
    closed: bool = False
    contracts: tuple[ContractRow, ...] = ()


def add_institution(
    session: Session, clock: Clock, entry: InstitutionEntry, *, actor: str
) -> Institution:
    """A new institution. Raises Invalid, or NameUsed."""
    institution = Institution(created_at=clock.now())
    _write(session, institution, entry)
    _note(session, clock, actor, "institution.added", f"institution:{institution.id}")
    return institution


def change_institution(
    session: Session, clock: Clock, institution: Institution, entry: InstitutionEntry, *, actor: str
) -> None:
    _write(session, institution, entry)
    _note(session, clock, actor, "institution.changed", f"institution:{institution.id}")


def add_contract(session: Session, clock: Clock, new: NewContract, *, actor: str) -> Contract:
    """What a town buys from a day on. Raises NotFound, Invalid or ContractOverlaps."""
    _check(new)
    institution = session.get(Institution, new.institution_id)
    if institution is None or institution.closed_at is not None:
        raise NotFound("没有这家机构")
    contract = Contract(
        institution_id=new.institution_id,
        town_code=new.town_code,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        unit=new.unit,
        price_fen=new.price_fen,
        ceiling_fen=new.ceiling_fen,
        created_at=clock.now(),
        created_by=actor,
    )
    session.add(contract)
    try:
        session.flush()
    except IntegrityError as error:
        raise ContractOverlaps from error
    _note(session, clock, actor, "contract.added", f"contract:{contract.id}")
    return contract


def end_contract(
    session: Session, clock: Clock, contract: Contract, *, last_day: date, actor: str
) -> None:
    """Let a contract end earlier. Raises Invalid for a day outside its term."""
    if not contract.valid_from <= last_day <= contract.valid_until:
        raise Invalid("提前结束的日期应在合同期内")
    contract.valid_until = last_day
    _note(session, clock, actor, "contract.ended", f"contract:{contract.id}")


def institutions(session: Session, town: str | None) -> list[InstitutionRow]:
    """Every institution, by name, each with its contracts with this town (None: with any)."""
    query = select(Contract).order_by(Contract.valid_from.desc(), Contract.id)
    if town is not None:
        query = query.where(Contract.town_code == town)
    by_institution: dict[int, list[ContractRow]] = {}
    for contract in session.scalars(query):
        by_institution.setdefault(contract.institution_id, []).append(contract_row(contract))
    found = session.scalars(
        select(Institution).order_by(Institution.closed_at.is_not(None), Institution.name)
    )
    return [_row(one, by_institution.get(one.id, ())) for one in found]


def institutions_of_scope(
    session: Session, centre_ids: Collection[int] | None, town: str | None
) -> frozenset[int] | None:
    """The ids of those that run one of these centres or have a contract with the town.

    None: all of them, for the city.
    """
    if centre_ids is None:
        return None
    runs = select(Centre.institution_id).where(
        Centre.id.in_(centre_ids), Centre.institution_id.is_not(None)
    )
    sells = select(Contract.institution_id).where(Contract.town_code == town)
    query = select(Institution.id).where(or_(Institution.id.in_(runs), Institution.id.in_(sells)))
    return frozenset(session.scalars(query))


def institution(session: Session, institution_id: int) -> Institution:
    """Raises NotFound."""
    found = session.get(Institution, institution_id)
    if found is None:
        raise NotFound("没有这家机构")
    return found


def contract_in_scope(session: Session, contract_id: int, town: str | None) -> Contract:
    """A contract of this town (None: of any). Raises NotFound."""
    found = session.get(Contract, contract_id)
    if found is None or town not in (None, found.town_code):
        raise NotFound("没有这份合同")
    return found


def contract_row(contract: Contract) -> ContractRow:
    return ContractRow(
        institution_id=contract.institution_id,
        town_code=contract.town_code,
        valid_from=contract.valid_from,
        valid_until=contract.valid_until,
        unit=contract.unit,
        price_fen=contract.price_fen,
        ceiling_fen=contract.ceiling_fen,
        id=contract.id,
    )


def _check(new: NewContract) -> None:
    wrong = {
        "结束日期不能早于开始日期": new.valid_until < new.valid_from,
        f"合同期不超过 {LONGEST_TERM_YEARS} 年": new.valid_until.year - new.valid_from.year
        > LONGEST_TERM_YEARS,
        "单价要大于 0，不超过 2000 万元": not 0 < new.price_fen <= DEAREST_FEN,
        "上限不能低于单价": new.ceiling_fen is not None and new.ceiling_fen < new.price_fen,
    }
    found = [sentence for sentence, is_wrong in wrong.items() if is_wrong]
    if found:
        raise Invalid("；".join(found))


def _row(one: Institution, contracts: Collection[ContractRow]) -> InstitutionRow:
    return InstitutionRow(
        name=one.name,
        filing_number=one.filing_number,
        phone_public=one.phone_public,
        id=one.id,
        closed=one.closed_at is not None,
        contracts=tuple(contracts),
    )


def _write(session: Session, one: Institution, entry: InstitutionEntry) -> None:
    name = " ".join(entry.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"请写机构名称，不超过 {LONGEST_NAME} 字")
    one.name = name
    one.filing_number = (entry.filing_number or "").strip() or None
    one.phone_public = (entry.phone_public or "").strip() or None
    session.add(one)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameUsed from error


def _note(session: Session, clock: Clock, actor: str, action: str, subject: str) -> None:
    audit.record(session, clock, actor=actor, action=action, subject=subject)
