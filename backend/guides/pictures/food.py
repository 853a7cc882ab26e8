"""What a child of an age eats a day: a bar for each kind of food."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.guides.pictures import frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment, Lettering
from backend.guides.pictures.tables import Amounts, AmountTable, Range

GRAMS = "克"
MILLILITRES = "毫升"
LESS_THAN = "<"
FIRST_ROW = 92
ROW_HEIGHT = 58
TEXT_LEFT = 74
LABEL = Lettering(16)
SIGN = "*"
HOW_TO_READ = "各样食物的长条用同一把尺量，奶另用一把。"


@dataclass(frozen=True)
class Food:
    """How one column of the table is drawn."""

    field: str
    label: str
    icon: Callable[[], Fragment]
    colour: Colour


MILK = Food("milk", "奶", icons.milk, Colour.SKY)
SALT = Food("salt", "盐", icons.salt, Colour.QUIET)
FOODS = (
    Food("cereal", "谷类", icons.cereal, Colour.SUN),
    Food("vegetable", "蔬菜", icons.vegetable, Colour.LEAF),
    Food("fruit", "水果", icons.fruit, Colour.BERRY),
    Food("egg", "蛋", icons.egg, Colour.SUN),
    Food("meat_poultry_fish", "肉、禽、鱼", icons.fish, Colour.CLAY),
    Food("soy", "大豆", icons.soy, Colour.LEAF),
    Food("oil", "油", icons.oil, Colour.SUN),
)


@dataclass(frozen=True)
class Serving:
    """A food and how much of it; `figure` is what is written."""

    food: Food
    figure: str
    unit: str
    awaited: bool
    amounts: Range | None = None

    @property
    def words(self) -> str:
        return f"{self.food.label}{self.figure}{self.unit}"


@dataclass(frozen=True)
class Remark:
    """What an expert has yet to decide; `signed`: a sign stands beside each such figure."""

    words: str
    spoken: tuple[str, ...]
    signed: bool


def draw_foods(table: AmountTable) -> list[Drawing]:
    most_milk = max(row.milk[1] for row in table.rows)
    return [_draw(row, table.unit, most_milk) for row in table.rows]


def _draw(row: Amounts, unit: str, most_milk: float) -> Drawing:
    first, end = row.age_months
    title = f"{wording.ages(row.age_months)}，一天吃多少"
    milk, foods, salt = _serving(row, MILK), _foods(row), _salt(row)
    most = max(food.amounts[1] for food in foods if food.amounts)
    remark = _remark([milk, *foods], salt)

    y = FIRST_ROW
    parts = [frame.heading(title, unit), _bar_row(y, milk, most_milk, remark)]
    y += ROW_HEIGHT
    parts.append(frame.divider(y))
    y += 18
    for food in foods:
        parts.append(_bar_row(y, food, most, remark))
        y += ROW_HEIGHT
    parts.append(_row(y, salt, remark, base=26))
    closing, height = _closing(y + ROW_HEIGHT, remark.words)
    parts.append(closing)

    alt = f"{title}（{unit}）：" + wording.listed(
        [*(serving.words for serving in (milk, *foods, salt)), *remark.spoken]
    )
    return Drawing(f"food-{first}-{end}m", title, alt, round(height), tuple(parts))


def _serving(row: Amounts, food: Food) -> Serving:
    amounts: Range = getattr(row, food.field)
    unit = MILLILITRES if food is MILK else GRAMS
    awaited = row.awaits_expert(food.label)
    return Serving(food, wording.span(amounts), unit, awaited, amounts)


def _foods(row: Amounts) -> list[Serving]:
    """Those that the table has amounts of at this age."""
    return [_serving(row, food) for food in FOODS if getattr(row, food.field) is not None]


def _salt(row: Amounts) -> Serving:
    """A range, a limit (<2) or words."""
    awaited = row.awaits_expert(SALT.label)
    if not isinstance(row.salt, str):
        return Serving(SALT, wording.span(row.salt), GRAMS, awaited)
    if row.salt.startswith(LESS_THAN):
        return Serving(SALT, f"少于{row.salt.removeprefix(LESS_THAN)}", GRAMS, awaited)
    return Serving(SALT, row.salt, "", awaited)


def _remark(bars: list[Serving], salt: Serving) -> Remark:
    """A sign beside a few figures; one sentence where it would stand beside all."""
    awaited = [serving.food.label for serving in (*bars, salt) if serving.awaited]
    if not awaited:
        return Remark("", (), signed=False)
    if not all(serving.awaited for serving in bars):
        spoken = f"{'、'.join(awaited)}的量{wording.AWAITED}"
        return Remark(f"带{SIGN}的量{wording.AWAITED}", (spoken,), signed=True)
    which = "以上的量" if salt.awaited else f"{SALT.label}以外的量"
    return Remark(which + wording.AWAITED, (which + wording.AWAITED,), signed=False)


def _row(y: float, serving: Serving, remark: Remark, base: float) -> Fragment:
    """Icon, name and figure of a food; `base`: where the words stand below `y`."""
    sign = SIGN if remark.signed and serving.awaited else ""
    return svg.group(
        svg.moved(svg.MARGIN, y, serving.food.icon()),
        svg.text(TEXT_LEFT, y + base, serving.food.label + sign, LABEL),
        frame.amount(svg.RIGHT, y + base, serving.figure, serving.unit),
    )


def _bar_row(y: float, serving: Serving, most: float, remark: Remark) -> Fragment:
    assert serving.amounts
    width = svg.RIGHT - TEXT_LEFT
    bar = frame.range_bar(TEXT_LEFT, y + 27, width, serving.amounts, most, serving.food.colour)
    return svg.group(_row(y, serving, remark, base=17), bar)


def _closing(y: float, remark: str) -> tuple[Fragment, float]:
    parts = [frame.divider(y)]
    y += 16
    if remark:
        parts.append(frame.pill(svg.MARGIN, y, remark))
        y += 38
    closing, y = frame.paragraph(y + 14, HOW_TO_READ)
    return svg.group(*parts, closing), y + 4
