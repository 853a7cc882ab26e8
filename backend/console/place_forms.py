"""Forms of 设置: shape here, truth in centres."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from wtforms import (
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from backend.centres.calendar_sheets import TITLES
from backend.centres.centre_keeping import CentreEntry
from backend.centres.closures import NewClosure
from backend.centres.institutions import (
    UNIT_TITLES,
    InstitutionEntry,
    InstitutionRow,
    NewContract,
)
from backend.centres.place_models import ContractUnit, DayKind
from backend.centres.places import Places, Town
from backend.centres.queries import CentreRow
from backend.centres.rooms import MOST_PEOPLE, RoomEntry, read_opening
from backend.centres.teachers import NewCertificate
from backend.console.forms import NEEDED, Form
from backend.console.slot_forms import WEEKDAYS, some_id
from backend.kernel.clock import CITY

TOO_LONG = Length(max=120, message="太长")
LATITUDE, LONGITUDE = NumberRange(-90, 90, "−90–90"), NumberRange(-180, 180, "−180–180")


def towns_to_choose(towns: list[Town]) -> list[SelectChoice]:
    """With one town there is nothing to choose; with several none is chosen by mistake."""
    found = [SelectChoice(town.code, town.name) for town in towns]
    return found if len(found) == 1 else [SelectChoice("", "请选择"), *found]


def centres_to_choose(centres: list[CentreRow]) -> list[SelectChoice]:
    return [SelectChoice(str(centre.id), centre.name) for centre in centres]


class CentreForm(Form):
    town_code = SelectField("街镇", [NEEDED])
    village_code = SelectField("社区（村）")
    name = StringField("名称", [NEEDED, TOO_LONG])
    address = StringField("地址", [NEEDED, TOO_LONG])
    phone_public = StringField("电话（可以不填）", [Length(max=20, message="太长")])
    institution_id = SelectField("由哪家机构运营", coerce=some_id)
    latitude = DecimalField("纬度（可以不填）", [Optional(), LATITUDE], places=5)
    longitude = DecimalField("经度（可以不填）", [Optional(), LONGITUDE], places=5)

    def offer(self, towns: list[Town], places: Places, runs: list[InstitutionRow]) -> None:
        self.town_code.choices = towns_to_choose(towns)
        self.village_code.choices = [
            SelectChoice("", "不填"),
            *(
                SelectChoice(village.code, village.name, optgroup=town.name)
                for town in towns
                for village in places.villages(town.code)
            ),
        ]
        self.institution_id.choices = [
            SelectChoice("", "还没有"),
            *(SelectChoice(str(one.id), one.name) for one in runs if not one.closed),
        ]

    def entry(self) -> CentreEntry:
        return CentreEntry(
            town_code=self.town_code.data,
            name=self.name.data,
            address=self.address.data,
            phone_public=self.phone_public.data,
            village_code=self.village_code.data,
            institution_id=self.institution_id.data,
            latitude=self.latitude.data,
            longitude=self.longitude.data,
        )


def _hours(weekday: int) -> StringField:
    return StringField(f"周{WEEKDAYS[weekday]}", [TOO_LONG])


class RoomForm(Form):
    centre_id = SelectField("中心", coerce=int)
    name = StringField("名称", [NEEDED, TOO_LONG])
    capacity = IntegerField(
        "可容纳人数", [NEEDED, NumberRange(1, MOST_PEOPLE, f"1–{MOST_PEOPLE}")], default=20
    )
    day0, day1, day2, day3 = _hours(0), _hours(1), _hours(2), _hours(3)
    day4, day5, day6 = _hours(4), _hours(5), _hours(6)

    def entry(self) -> RoomEntry:
        """Raises Invalid for hours that nobody can read."""
        opening = read_opening([self[f"day{number}"].data or "" for number in range(7)])
        return RoomEntry(self.name.data, self.capacity.data, opening)


class TeacherForm(Form):
    institution_id = SelectField("机构", coerce=some_id)
    display_name = StringField("称呼", [NEEDED, TOO_LONG])

    def offer(self, runs: list[InstitutionRow]) -> None:
        self.institution_id.choices = [
            SelectChoice(str(one.id), one.name) for one in runs if not one.closed
        ]


class CertificateForm(Form):
    title = StringField("证书", [NEEDED, TOO_LONG])
    number = StringField("编号（可以不填）", [TOO_LONG])
    valid_from = DateField("从", [NEEDED])
    valid_until = DateField("到", [NEEDED])

    def certificate(self) -> NewCertificate:
        return NewCertificate(
            self.title.data, self.number.data, self.valid_from.data, self.valid_until.data
        )


class InstitutionForm(Form):
    name = StringField("名称", [NEEDED, TOO_LONG])
    filing_number = StringField("备案号（可以不填）", [TOO_LONG])
    phone_public = StringField("电话（可以不填）", [Length(max=20, message="太长")])

    def entry(self) -> InstitutionEntry:
        return InstitutionEntry(self.name.data, self.filing_number.data, self.phone_public.data)


class ContractForm(Form):
    town_code = SelectField("街镇", [NEEDED])
    valid_from = DateField("从", [NEEDED])
    valid_until = DateField("到", [NEEDED])
    unit = RadioField(
        "怎么算",
        choices=[SelectChoice(unit.value, title) for unit, title in UNIT_TITLES.items()],
        default=ContractUnit.SESSION.value,
    )
    price = DecimalField("单价（元）", [NEEDED, NumberRange(0, 10**7, "0–1000 万")], places=2)
    ceiling = DecimalField(
        "合同期总额上限（元，可以不填）", [Optional(), NumberRange(0, 10**9, "太大")], places=2
    )

    def contract(self, institution_id: int) -> NewContract:
        return NewContract(
            institution_id=institution_id,
            town_code=self.town_code.data,
            valid_from=self.valid_from.data,
            valid_until=self.valid_until.data,
            unit=ContractUnit(self.unit.data),
            price_fen=fen(self.price.data),
            ceiling_fen=None if self.ceiling.data is None else fen(self.ceiling.data),
        )


def fen(yuan: Decimal) -> int:
    """Money is kept in fen; a third decimal is rounded."""
    return int((yuan * 100).to_integral_value())


class ClosureForm(Form):
    centre_id = SelectField("中心", coerce=int)
    room_id = SelectField("场地", coerce=some_id)
    starts = DateTimeLocalField("从", [NEEDED])
    ends = DateTimeLocalField("到", [NEEDED])
    reason = StringField("原因", [NEEDED, Length(max=60, message="不超过 60 字")])

    def closure(self) -> NewClosure:
        return NewClosure(
            centre_id=self.centre_id.data,
            room_id=self.room_id.data,
            starts_at=in_city(self.starts.data),
            ends_at=in_city(self.ends.data),
            reason=self.reason.data,
        )


def in_city(local: datetime) -> datetime:
    return local.replace(tzinfo=CITY)


class DayForm(Form):
    day = DateField("日期", [NEEDED])
    kind = RadioField(
        "这一天",
        choices=[SelectChoice(kind.value, title) for kind, title in TITLES.items()],
        default=DayKind.HOLIDAY.value,
    )
    name = StringField("名称", [NEEDED, Length(max=20, message="不超过 20 字")])
