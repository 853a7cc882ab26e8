"""Whether a form can be sent with any data; asked when it is saved, so that 47003 cannot come.

Pure. Proved with the longest and the oddest facts in every wording, and by rules about the text
itself: what may be cut stands last, a fact that WeChat is not told is not named.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.kernel.errors import Invalid
from backend.outbox.fields import LONGEST_THING, UnfitValue, kind_of_field, one_line, width
from backend.outbox.forms import Form, FormField
from backend.outbox.merged import SAMPLE_CHILDREN
from backend.outbox.templates import Template, Templates
from backend.outbox.values import SAMPLES, SPECS, FactKind, MissingFact, placeholders, value_of

LONGEST_NUMBER = 999  # of weeks, days or things; a longer one is cut
KIND_RULES: Mapping[str, str] = {
    "thing": f"最多 {LONGEST_THING} 个字",
    "phrase": "要写 1 到 5 个汉字，不能填会变的内容",
    "name": "是名字，最多 10 个汉字",
    "number": "只能是数字",
    "character_string": "只能是字母、数字和符号，不能有汉字",
    "time": "只能是一个时间，例如 {starts_at:time}",
    "date": "只能是一个日期，例如 {due_date:date}",
    "letter": "只能是 32 个以内的字母",
    "symbol": "只能是 5 个以内的符号",
    "amount": "要写成金额，例如 ¥0 或 0元",
    "phone_number": "要写成电话号码",
    "car_number": "要写成车牌号",
}


class FormRefused(Invalid):
    """The detail names the field as WeChat's page does. `field`: WeChat's name of it, or ""."""

    code = "template_form_refused"
    message = "这样填微信会拒收"

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True)
class Facts:
    """Facts of every kind, all short, all long or all odd; `child` is a name."""

    text: str | None
    number: int
    moment: str
    day: str
    child: str

    def of(self, template: Template, known: Mapping[str, str]) -> dict[str, Any]:
        """`known`: real texts by the name of their fact."""
        kinds = {
            FactKind.TEXT: self.text,
            FactKind.NUMBER: self.number,
            FactKind.MOMENT: self.moment,
            FactKind.DAY: self.day,
        }
        given: dict[str, Any] = {name: kinds[kind] for name, kind in template.facts.items()}
        return given | {name: text for name, text in known.items() if name in given}


LATE, EARLY = "2026-12-31T23:59:00+08:00", "2026-01-01T00:00:00+08:00"
LONG = Facts(SAMPLES[FactKind.TEXT], LONGEST_NUMBER, LATE, "2026-12-31", "欧阳小娜娜")
SHORT = Facts("园", 1, EARLY, "2026-01-01", "王一")
ODD = (
    Facts(SAMPLES[FactKind.TEXT], 2**53, LATE, "2026-12-31", "欧阳" * 15),
    Facts(None, 0, EARLY, "2028-02-29", "3"),
    Facts("Baby Yoga 2 <b>&", 42, LATE, "2026-10-10", "Anna-Maria O'Neill"),
    Facts("😀" * 30, 7, LATE, "2026-10-10", "😀" * 30),
    Facts("上午\n九点\u200b\t到场\x07", 9, EARLY, "2026-03-01", "王\n一"),
    Facts("120", 120, EARLY, "2026-03-01", "12"),
)


def check_form(
    templates: Templates, name: str, form: Form, real: Mapping[str, str] | None = None
) -> None:
    """Raises FormRefused with the field in WeChat's own words.

    `real`: the longest texts that the database holds now, by the names of facts.
    """
    template = templates[name]
    if not form.fields:
        raise FormRefused("这个模板没有可以填的字段，请在公众平台另选一个")
    for field in form.fields:
        _check_kind(field)
        _check_wordings(template, field)
        for text in field.texts():
            _check_text(template, field, text)
    for facts in (LONG, SHORT, *ODD):
        for known in ({}, real or {}):
            _prove(templates, name, form, facts, known)


def preview(
    templates: Templates, name: str, form: Form, facts: Facts, real: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Label and value of each field, as the phone shows it. Raises FormRefused."""
    said = templates[name].shapes(facts.of(templates[name], real))[0]
    values = _values(templates, name, form, said, facts.child)
    return list(zip(form.labels.values(), values, strict=True))


def _prove(
    templates: Templates, name: str, form: Form, facts: Facts, known: Mapping[str, str]
) -> None:
    template = templates[name]
    for said in template.shapes(facts.of(template, known)):
        for child in (facts.child, None):
            _values(templates, name, form, said, child)


def _values(
    templates: Templates, name: str, form: Form, said: Mapping[str, Any], child: str | None
) -> Sequence[str]:
    names = {} if child is None else dict.fromkeys(SAMPLE_CHILDREN, child)
    try:
        values, _ = templates.render_wechat(name, said, child, names, form)
    except UnfitValue as error:
        refused = next(one for one in form.fields if one.name == error.field)
    except MissingFact as error:
        raise FormRefused(f"缺少 {error}") from error
    else:
        return list(values.values())
    raise _refusal(refused, _rule_of(refused))


def _check_kind(field: FormField) -> None:
    if field.values:
        return
    try:
        kind_of_field(field.name)
    except UnfitValue:
        failure = _refusal(field, "是旧的或我们不会填的一种字段，请在公众平台另选一个模板")
    else:
        return
    raise failure


def _check_wordings(template: Template, field: FormField) -> None:
    unknown = sorted(set(field.variants) - set(template.variants))
    if unknown:
        raise _refusal(field, f"没有“{unknown[0]}”这种说法")


def _check_text(template: Template, field: FormField, text: str) -> None:
    if not one_line(text):
        raise _refusal(field, "还没有填")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
        raise _refusal(field, "不能换行，也不能有看不见的字符")
    try:
        named = placeholders(text)
    except ValueError:
        raise _refusal(field, "花括号的写法不对，请从下面的列表里复制") from None
    _check_facts(template, field, named)
    if field.values:
        if text not in field.values:
            raise _refusal(field, _rule_of(field))
    elif kind_of_field(field.name) in ("thing", "name"):
        _check_cut(template, field, text)


def _check_facts(template: Template, field: FormField, named: Sequence[tuple[str, str]]) -> None:
    for name, spec in named:
        if name not in template.told:
            raise _refusal(field, f"没有 {{{name}}}，或它不发到微信")
        if spec not in SPECS[template.kinds[name]]:
            raise _refusal(field, f"{{{name}:{spec}}} 的写法不对，请从下面的列表里复制")


def _check_cut(template: Template, field: FormField, text: str) -> None:
    """What is cut must be the end of a text: a cut time or number would say something else."""
    kinds = [template.kinds[name] for name, _ in placeholders(text)]
    texts = kinds.count(FactKind.TEXT)
    longest = LONGEST_THING if kind_of_field(field.name) == "thing" else LONGEST_THING // 2
    if texts == 0:
        if width(_filled(template, text)) > longest:
            raise _refusal(field, f"太长，这里最多 {longest} 个字")
        return
    if texts > 1 or kinds[-1] is not FactKind.TEXT or not text.endswith("}"):
        raise _refusal(field, "会变长的文字只能有一个，放在最后，超长时从末尾截断")
    before = text[: text.rindex("{")]
    if width(_filled(template, before)) > longest - 3:
        raise _refusal(field, f"前面的字太多，这里一共最多 {longest} 个字")


def _filled(template: Template, text: str) -> str:
    """With the longest facts that are no texts."""
    given = {
        name: {**SAMPLES, FactKind.NUMBER: LONGEST_NUMBER}[kind]
        for name, kind in template.kinds.items()
    }
    values = {name: value_of(name, kind, given) for name, kind in template.kinds.items()}
    return one_line(text.format_map(values))


def offered_texts(template: Template) -> Iterator[str]:
    """What may be written into a field: every fact that WeChat is told, in every form."""
    for name in sorted(template.told):
        for spec in sorted(SPECS[template.kinds[name]]):
            yield f"{{{name}:{spec}}}" if spec else f"{{{name}}}"


def _rule_of(field: FormField) -> str:
    if field.values:
        return f"只能是：{'、'.join(field.values)}"
    return KIND_RULES[kind_of_field(field.name)]


def _refusal(field: FormField, what: str) -> FormRefused:
    return FormRefused(f"“{field.label}”（{field.name}）{what}", field.name)
