"""`content new`: the beginning of a guide, a card, a service page or a recipe.

What it writes cannot pass the check: an author fills it in, and the check names what is missing.
"""

from __future__ import annotations

import re
from pathlib import Path

from backend.guides.check import FOLDER_OF_SERIES, RESERVED
from backend.guides.recipes import recipe_files
from backend.guides.source import AGE_BANDS, RECIPES, SLUG, Series, guide_files

GUIDES = "guides"
SERIES_OF_LETTER = {
    "M": Series.MANUAL,
    "N": Series.NUTRITION,
    "H": Series.HANDBOOK,
    "S": Series.SERVICE,
    "P": Series.BEFORE,
}
ID = re.compile(r"[MNHSPR]\d{2}")

GUIDE = """\
---
id: {id}
title: 题目，30字以内
summary: 一句话说清这一篇讲什么，60字以内。
series: {series}
topic: 主题
{window}
tags: []                     # 家长会搜的词
sources: []                  # content/facts/sources.yaml 里的键
figures: {{}}                  # 正文里直接写的数字："6个月": 来源的键，或 expert
review: pending
author_office: ""
---

这是怎么回事，两三句，不吓人。

## 先怎么做

**最要紧的一件事。** 怎么做。

## 什么时候去看医生

先写马上去的，再写不急但要去的。
"""
RECIPE = """\
id: {id}
name: 菜名
summary: 一句话说这道菜。
age_days: [183, 364]         # 出生那天是0，两头都算
texture: 细泥
minutes: 15                  # 大约要多久，可以不写
ingredients:
  - {{food: 食材, amount: 10克}}
steps: []
allergens: []                # 鸡蛋 牛奶 小麦 大豆 鱼 虾 花生 坚果 芝麻
tags: []
careful: ""                  # 要当心的一句话，没有就空着
sources: []
review: pending
"""


class CannotBegin(Exception):
    """Why no file was written, in Chinese."""


def begin(content_root: Path, id: str, folder: str, slug: str) -> Path:
    """Write the file and return it. Raises CannotBegin; never writes over anything."""
    folder = folder.strip("/")
    _check_names(content_root, id, folder, slug)
    suffix = "yaml" if folder == RECIPES else "md"
    file = content_root / folder / f"{slug}.{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_text(id, folder), encoding="utf-8")
    return file


def _check_names(content_root: Path, id: str, folder: str, slug: str) -> None:
    if not ID.fullmatch(id):
        raise CannotBegin(f"编号 {id} 不对：M、N、H、S、P、R 加两位数字，比如 M45")
    if not SLUG.fullmatch(slug):
        raise CannotBegin(f"名字 {slug} 不对：小写拼音、数字，词之间用连字符，比如 xue-he-shui")
    if slug in RESERVED:
        raise CannotBegin(f"{slug} 是别的页面的网址，换一个名字")
    if folder not in _folders(id):
        wanted = "、".join(_folders(id))
        raise CannotBegin(f"{id} 不能放在 {folder}，要放在：{wanted}")
    for file in (*guide_files(content_root), *recipe_files(content_root)):
        if file.stem == slug:
            raise CannotBegin(f"名字 {slug} 已经有了：{file}")
        if re.search(rf"^id: *{id}\b", file.read_text(encoding="utf-8"), re.MULTILINE):
            raise CannotBegin(f"编号 {id} 已经有了：{file}")


def _folders(id: str) -> list[str]:
    """Where a piece with this number may lie."""
    if id[0] == "R":
        return [RECIPES]
    folder = FOLDER_OF_SERIES.get(SERIES_OF_LETTER[id[0]])
    return [folder] if folder else [f"{GUIDES}/{band}" for band in AGE_BANDS]


def _text(id: str, folder: str) -> str:
    if folder == RECIPES:
        return RECIPE.format(id=id)
    first, last = AGE_BANDS.get(folder.removeprefix(f"{GUIDES}/"), (0, 2191))
    window = f"age_days: [{first}, {last}]"
    if id[0] == "H":
        window += "          # 孕期卡片不写这一行，写 gest_weeks: [6, 12]"
    return GUIDE.format(id=id, series=SERIES_OF_LETTER[id[0]].value, window=window)
