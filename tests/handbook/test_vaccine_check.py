"""Names that lead nowhere and gaps in a series are refused, with their line where it is known."""

from pathlib import Path

import pytest

from backend.handbook.source import HandbookError, VaccineFile, read_file
from backend.handbook.vaccines import load_programme
from backend.handbook.vaccines.check import loose_ends

FILE = Path(__file__).parents[2] / "content" / "handbook" / "vaccines.yaml"


def spoilt(root: Path, old: str, new: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    file = root / "handbook" / "vaccines.yaml"
    file.parent.mkdir()
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_the_programme_as_it_stands_has_no_loose_end() -> None:
    assert loose_ends(FILE, read_file(FILE, VaccineFile)) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("live: {rule: live-28d", "live: {rule: live-29d", "handbook_unknown_rule"),
        ("no_restart: no-restart", "no_restart: restart", "handbook_unknown_rule"),
        ("except: [BCG]", "except: [BCQ]", "handbook_unknown_vaccine"),
        ("unless_any: MPSV-A", "unless_any: MPSV-B", "handbook_unknown_vaccine"),
        ("group: JE, default: true", "group: JX, default: true", "handbook_unknown_group"),
        ("group: JE, default: false", "group: JE, default: true", "handbook_wrong_default"),
        ("group: JE, default: true", "group: JE, default: false", "handbook_wrong_default"),
        ("        previous: mpsva-2\n", "", "handbook_interval"),
        ("        after_previous: {days: 7}\n", "", "handbook_interval"),
        ("previous: mpsva-2", "previous: mpsva-3", "handbook_unknown_dose"),
        ("{dose: hepb-1,", "{dose: hepb-0,", "handbook_unknown_dose"),
        ("number: 2", "number: 3", "handbook_wrong_number"),
        ("product: IPV", "product: OPV", "handbook_unknown_product"),
        ("sources: [BPHS3]", "sources: [BPHS4]", "handbook_unknown_source"),
        ("sources: [DTAP2025,", "sources: [DTAP2026,", "handbook_unknown_source"),
        ("interval_mark: interval_60d", "interval_mark: interval_61d", "handbook_unknown_mark"),
        ("mark: DT_7_11}", "mark: DT_8_11}", "handbook_unknown_mark"),
        (
            "    ends_because: {text: 满4周岁不再补, mark: catch_up}\n",
            "",
            "handbook_no_reason",
        ),
        ("id: hpv-2", "id: hpv-1", "handbook_id_twice"),
        ("- {id: hepb-1, number", "- {id: hepb-2, number", "handbook_id_twice"),
        ("months: 156", "months: 556", "handbook_invalid"),
        ("months: [3, 4, 5, 18]", "months: [3, 4, 5, 181]", "handbook_invalid"),
        ("kind: by_product", "kind: dead", "handbook_invalid"),
    ],
)
def test_what_leads_nowhere_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    file = spoilt(tmp_path, old, new)

    with pytest.raises(HandbookError) as caught:
        load_programme(tmp_path)

    assert caught.value.problem.code == code
    assert caught.value.problem.file == file
    assert caught.value.problem.line > 1
