"""Which of two wordings a family reads the day before, and the word asked of it two days before.

The second wording states what a missed place costs. In two British trials of 10,111 and 9,848
people that cut missed appointments from 11.1 % to 8.4 % (PMC4569397); we measure our own
(backend.statistics.no_shows). Both stand in content/messages/templates.yaml.
"""

from enum import StrEnum


class Wording(StrEnum):
    PLAIN = "plain"
    COST = "cost"


WORDING_TITLES = {
    Wording.PLAIN: "甲：请提前取消",
    Wording.COST: "乙：说明空一个名额的代价",
}


def wording_of(booking_id: int) -> Wording:
    """Even ids read the cost: fixed for a booking, and nobody chooses."""
    return Wording.COST if booking_id % 2 == 0 else Wording.PLAIN
