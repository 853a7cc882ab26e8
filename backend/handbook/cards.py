"""What the timeline shows of a guide: read from the guide's own front matter, so said once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from backend.facts.figures import Facts
from backend.kernel.ages import DAYS_PER_MONTH

TOLERANCE_DAYS = 3  # a calendar month is up to three days longer or shorter than the average


@dataclass(frozen=True)
class GuideCard:
    title: str
    summary: str
    source: str
    first_day: int  # of life; birth is day 0
    last_day: int

    def suits(self, months: int) -> bool:
        """Whether the guide is written for children who have just completed `months`."""
        day = months * DAYS_PER_MONTH
        return self.first_day - TOLERANCE_DAYS <= day <= self.last_day + TOLERANCE_DAYS


def guide_file(content_root: Path, slug: str) -> Path | None:
    return next(iter((content_root / "guides").glob(f"*/{slug}.md")), None)


def guide_card(file: Path, facts: Facts) -> GuideCard:
    """Title, summary and ages of a guide. The guides' own check says what is wrong with one."""
    front = file.read_text(encoding="utf-8").split("---\n", 2)[1]
    matter = yaml.load(front, Loader=yaml.CSafeLoader)
    first_day, last_day = matter["age_days"]
    return GuideCard(
        title=matter["title"],
        summary=facts.fill(matter["summary"]),
        source=facts.sources[matter["sources"][0]].title,
        first_day=first_day,
        last_day=last_day,
    )
