"""Forms of sessions: one, a weekly pattern, a change. Shape here, truth in centres."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from backend.centres.models import KIND_TITLES, SlotKind
from backend.centres.series import Pattern
from backend.centres.service import LONGEST_WAY, MOST_PLACES, OLDEST_MONTHS, NewSlot
from backend.centres.slot_edits import Reach, Wish
from backend.centres.week import Choice
from backend.console.forms import NEEDED, Form
from backend.kernel.clock import CITY

WEEKDAYS = "一二三四五六日"
DAYS_APART = re.compile(r"[\s、,，;；]+")
REACHES = {Reach.THIS: "这一次", Reach.LATER: "这次及以后"}


def some_id(text: object) -> int | None:
    """A row's number, or nothing chosen. Raises ValueError."""
    return int(str(text)) if text not in (None, "") else None


def options(choices: Sequence[Choice], nothing: str, *, grouped: bool) -> list[SelectChoice]:
    """Rooms or teachers; under the names of the centres where there are several."""
    found = [
        SelectChoice(str(one.id), one.name, optgroup=one.centre if grouped else None)
        for one in choices
    ]
    return [SelectChoice("", nothing), *found]


class PlacedForm(Form):
    """What every form of a session has."""

    title = StringField("名称", [NEEDED, Length(max=30, message="不超过 30 字")])
    starts = TimeField("开始", [NEEDED])
    ends = TimeField("结束", [NEEDED])
    capacity = IntegerField(
        "名额", [NEEDED, NumberRange(1, MOST_PLACES, f"1–{MOST_PLACES}")], default=8
    )
    room_id = SelectField("场地", coerce=some_id)
    teacher_id = SelectField("老师", coerce=some_id)

    def offer_places(
        self, rooms: Sequence[Choice], teachers: Sequence[Choice], *, grouped: bool
    ) -> None:
        self.room_id.choices = options(rooms, "不指定", grouped=grouped)
        self.teacher_id.choices = options(teachers, "不指定", grouped=grouped)


class SessionForm(PlacedForm):
    """A new session, once or every week."""

    centre_id = SelectField("中心", coerce=int)
    kind = RadioField(
        "类型",
        choices=[SelectChoice(kind.value, title) for kind, title in KIND_TITLES.items()],
        default=SlotKind.ACTIVITY.value,
    )
    age_from = IntegerField(
        "月龄从（满）",
        [NEEDED, NumberRange(0, OLDEST_MONTHS - 1, f"0–{OLDEST_MONTHS - 1}")],
        default=0,
    )
    age_to = IntegerField(
        "月龄到（不满）",
        [NEEDED, NumberRange(1, OLDEST_MONTHS, f"1–{OLDEST_MONTHS}")],
        default=OLDEST_MONTHS,
    )
    travel_minutes = IntegerField(
        "路上时间（分钟）",
        [Optional(), NumberRange(0, LONGEST_WAY, f"0–{LONGEST_WAY}")],
        default=0,
    )
    held_places = IntegerField(
        "优先名额", [Optional(), NumberRange(0, MOST_PLACES, f"0–{MOST_PLACES}")], default=0
    )

    def offer(self, centres: list[tuple[int, str]]) -> None:
        self.centre_id.choices = [SelectChoice(str(number), name) for number, name in centres]

    def new_slot(self, day: date, held_before: timedelta) -> NewSlot:
        """The session on one day. `held_before`: the policy's, for priority places."""
        held = self.held_places.data or 0
        return NewSlot(
            centre_id=self.centre_id.data,
            kind=SlotKind(self.kind.data),
            title=self.title.data,
            starts_at=datetime.combine(day, self.starts.data, CITY),
            ends_at=datetime.combine(day, self.ends.data, CITY),
            capacity=self.capacity.data,
            age_from_months=self.age_from.data,
            age_to_months=self.age_to.data,
            room_id=self.room_id.data,
            teacher_id=self.teacher_id.data,
            travel_minutes=self.travel_minutes.data or 0,
            held_places=held,
            held_before=held_before if held else None,
        )


class SlotForm(SessionForm):
    day = DateField("日期", [NEEDED])


def _readable_days(form: Form, field: Field) -> None:
    try:
        days_in(field.data)
    except ValueError as error:
        raise ValidationError("日期请写成 2027-01-31，用空格或顿号隔开") from error


def days_in(text: str | None) -> frozenset[date]:
    """Raises ValueError."""
    return frozenset(date.fromisoformat(part) for part in DAYS_APART.split(text or "") if part)


class SeriesForm(SessionForm):
    weekdays = SelectMultipleField(
        "每周",
        [NEEDED],
        choices=[SelectChoice(str(n), f"周{name}") for n, name in enumerate(WEEKDAYS)],
        option_widget=CheckboxInput(),
    )
    first_day = DateField("第一天", [NEEDED])
    last_day = DateField("最后一天", [NEEDED])
    skip_holidays = BooleanField("法定节假日不开")
    on_makeup_days = BooleanField("调休上班的周末照常开")
    exceptions = TextAreaField("不开的日期", [_readable_days, Length(max=2000, message="太长")])
    seen = HiddenField()

    def pattern(self) -> Pattern:
        return Pattern(
            weekdays=frozenset(int(number) for number in self.weekdays.data),
            starts=self.starts.data,
            ends=self.ends.data,
            first_day=self.first_day.data,
            last_day=self.last_day.data,
            skip_holidays=self.skip_holidays.data,
            on_makeup_days=self.on_makeup_days.data,
            exceptions=days_in(self.exceptions.data),
        )


class EditForm(PlacedForm):
    day = DateField("日期", [NEEDED])
    reach = RadioField(
        "改哪些",
        choices=[SelectChoice(reach.value, title) for reach, title in REACHES.items()],
        default=Reach.THIS.value,
    )

    def wish(self) -> Wish:
        return Wish(
            title=self.title.data.strip(),
            day=self.day.data,
            starts=self.starts.data,
            ends=self.ends.data,
            capacity=self.capacity.data,
            room_id=self.room_id.data,
            teacher_id=self.teacher_id.data,
        )
