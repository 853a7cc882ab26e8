"""The form of a campaign: words, families, hour. Shape here, truth in campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from backend.bookings.rules import FREE_SESSIONS_PER_YEAR
from backend.campaigns.audience import ANY, OLDEST_MONTHS, Audience, Visit, make_audience
from backend.campaigns.expecting import FIRST_WEEK, LAST_WEEK, Expecting, make_expecting
from backend.campaigns.service import Draft
from backend.campaigns.words import HOURS, LONGEST_SENTENCE, make_text, planned
from backend.centres.places import Town
from backend.centres.queries import CentreRow
from backend.console.forms import NEEDED, Form
from backend.console.slot_forms import some_id
from backend.guides.pieces import Guide
from backend.handbook.schedule import Kind, Schedule
from backend.kernel.clock import city_time
from backend.outbox.fields import LONGEST_THING

BELOW = range(1, FREE_SESSIONS_PER_YEAR + 1)
MONTHS = [Optional(), NumberRange(0, OLDEST_MONTHS, f"0–{OLDEST_MONTHS}")]
VISITS = [SelectChoice(Visit.BOOKED.value, "约过"), SelectChoice(Visit.ATTENDED.value, "到过")]


CHILDREN, EXPECTING = "children", "expecting"
WHOM = [SelectChoice(CHILDREN, "有孩子的家庭"), SelectChoice(EXPECTING, "孕期家庭")]
WEEKS = [
    Optional(),
    NumberRange(FIRST_WEEK, LAST_WEEK, f"{FIRST_WEEK}–{LAST_WEEK}"),
]


class CampaignForm(Form):
    headline = StringField("标题", [NEEDED, Length(max=LONGEST_THING, message="太长")])
    sentence = TextAreaField("正文", [NEEDED, Length(max=LONGEST_SENTENCE, message="太长")])
    guide = SelectField("点开读哪一篇", [NEEDED])
    whom = RadioField("哪些家庭", choices=WHOM, default=CHILDREN)
    from_week = IntegerField("孕期从满几周", WEEKS)
    to_week = IntegerField("孕期到满几周", WEEKS)
    towns = SelectMultipleField("街镇", option_widget=CheckboxInput())
    from_months = IntegerField("从满几个月", MONTHS)
    to_months = IntegerField("到不满几个月", MONTHS)
    dose = SelectField("过了应种日期 14 天没有记录的疫苗")
    checkup = SelectField("到了时间没有记录的体检")
    centre = SelectField("亲子活动中心", coerce=some_id)
    how = RadioField("去过没有", choices=VISITS, default=Visit.BOOKED.value)
    sessions_below = SelectField(
        "今年的六次指导（居家养育）",
        coerce=some_id,
        choices=[
            SelectChoice("", "不限"),
            *(SelectChoice(str(n), f"用了不到 {n} 次") for n in BELOW),
        ],
    )
    no_quiz = BooleanField("家长这个月还没有答完一套问答")
    day = DateField("哪一天", [NEEDED])
    hour = SelectField(
        "几点", coerce=int, choices=[SelectChoice(str(hour), f"{hour}:00") for hour in HOURS]
    )
    urgent = BooleanField("紧急：这一周已经推送过两次的家庭也推送")

    def validate_to_months(self, field: IntegerField) -> None:
        from_months = self.from_months.data or 0
        if self.whom.data != EXPECTING and field.data is not None and from_months >= field.data:
            raise ValidationError("月龄要从小到大")

    def validate_to_week(self, field: IntegerField) -> None:
        from_week = self.from_week.data or FIRST_WEEK
        if self.whom.data == EXPECTING and field.data is not None and from_week > field.data:
            raise ValidationError("孕周要从小到大")

    def offer(
        self,
        schedule: Schedule,
        guides: Iterable[Guide],
        towns: Sequence[Town],
        centres: Sequence[CentreRow],
    ) -> None:
        """What can be chosen: guides that families can read, items of the schedule."""
        self.guide.choices = [
            SelectChoice("", "请选择"),
            *(
                SelectChoice(one.slug, one.title, optgroup=one.series.book_title)
                for one in sorted(guides, key=lambda one: one.series.book_title)
            ),
        ]
        self.towns.choices = [SelectChoice(town.code, town.name) for town in towns]
        self.dose.choices = _items(schedule, Kind.VACCINE, "任何一剂")
        self.checkup.choices = _items(schedule, Kind.CHECKUP, "任何一次")
        self.centre.choices = [
            SelectChoice("", "不限"),
            *(SelectChoice(str(one.id), one.name) for one in centres),
        ]

    def show(self, draft: Draft) -> None:
        """Filled with a draft that there is."""
        audience = draft.audience
        values: dict[str, Any] = {
            "headline": draft.said.headline,
            "sentence": draft.said.sentence,
            "guide": draft.said.guide_slug,
            "urgent": draft.urgent,
        }
        values |= _of_weeks(audience) if isinstance(audience, Expecting) else _of_kids(audience)
        for name, value in values.items():
            self[name].data = value
        self.show_hour(city_time(draft.planned_at))

    def show_hour(self, local: datetime) -> None:
        self.day.data, self.hour.data = local.date(), local.hour

    def draft(self, town: str | None) -> Draft:
        """Raises AudienceInvalid or CampaignTimeWrong. `town`: of who writes, if not the city."""
        return Draft(
            make_text(self.headline.data, self.sentence.data, self.guide.data),
            self._audience(town),
            planned(self.day.data, self.hour.data),
            self.urgent.data,
        )

    def _audience(self, town: str | None) -> Audience | Expecting:
        if town is None and self.whom.data == EXPECTING:
            return make_expecting(self.from_week.data, self.to_week.data)
        centre = self.centre.data
        return make_audience(
            towns=[town] if town else self.towns.data,
            from_months=self.from_months.data,
            to_months=self.to_months.data,
            dose=self.dose.data or None,
            checkup=self.checkup.data or None,
            centre={"centre_id": centre, "how": self.how.data} if centre else None,
            sessions_below=self.sessions_below.data,
            no_quiz_this_month=self.no_quiz.data,
        )


def _items(schedule: Schedule, kind: Kind, any_of_them: str) -> list[SelectChoice]:
    rules = [rule for rule in schedule.told if rule.kind is kind]
    return [
        SelectChoice("", "不限"),
        SelectChoice(ANY, any_of_them),
        *(SelectChoice(rule.id, rule.title) for rule in rules),
    ]


def _of_weeks(audience: Expecting) -> dict[str, Any]:
    return {
        "whom": EXPECTING,
        "from_week": audience.from_week,
        "to_week": audience.to_week,
    }


def _of_kids(audience: Audience) -> dict[str, Any]:
    return {
        "towns": list(audience.towns),
        "from_months": audience.from_months,
        "to_months": audience.to_months,
        "dose": audience.dose or "",
        "checkup": audience.checkup or "",
        "centre": audience.centre.centre_id if audience.centre else None,
        "how": audience.centre.how.value if audience.centre else Visit.BOOKED.value,
        "sessions_below": audience.sessions_below,
        "no_quiz": audience.no_quiz_this_month,
    }
