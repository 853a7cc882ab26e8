"""The form of a nursing room: shape here, truth in centres.nursing_rooms."""

from __future__ import annotations

from wtforms import DateField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput

from backend.centres.nursing_rooms import FACILITIES, LABELS, LONGEST, RoomEntry
from backend.centres.places import Town
from backend.console.forms import NEEDED, Form


def _line(name: str) -> StringField:
    longest = LONGEST[name]
    return StringField(LABELS[name], [NEEDED, Length(max=longest, message=f"不超过 {longest} 字")])


class RoomForm(Form):
    town_code = SelectField("街镇", [NEEDED])
    name = _line("name")
    spot = _line("spot")
    address = _line("address")
    opening_hours = _line("opening_hours")
    facilities = SelectMultipleField(
        "里面有什么",
        choices=[SelectChoice(id, title) for id, title in FACILITIES.items()],
        option_widget=CheckboxInput(),
    )
    phone_public = StringField("电话（可以不填）", [Length(max=20, message="太长")])
    checked_on = DateField("核对日期", [NEEDED])

    def offer(self, towns: list[Town]) -> RoomForm:
        """With one town there is nothing to choose; with several none is chosen by mistake."""
        choices = [SelectChoice(town.code, town.name) for town in towns]
        self.town_code.choices = (
            choices if len(choices) == 1 else [SelectChoice("", "请选择"), *choices]
        )
        return self

    def entry(self) -> RoomEntry:
        """What was filled in, of a form that is valid."""
        return RoomEntry(
            town_code=self.town_code.data,
            name=self.name.data,
            address=self.address.data,
            spot=self.spot.data,
            opening_hours=self.opening_hours.data,
            facilities=tuple(self.facilities.data),
            phone_public=self.phone_public.data,
            checked_on=self.checked_on.data,
        )
