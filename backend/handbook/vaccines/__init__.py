"""Which dose comes next and when: content/handbook/vaccines.yaml as pure functions.

    programme = load_programme(content_root)
    answers = forecast(programme, ChildFacts(birth, given={"hepb-1": birth}), on)

`forecast` reads neither a file nor the time, keeps nothing, and takes about half a millisecond.
What it refuses (an unknown dose, a day in the future) it raises as WrongFacts.
"""

from backend.handbook.source import Mother
from backend.handbook.vaccines.answers import DoseAnswer, Status
from backend.handbook.vaccines.child import ChildFacts, WrongFacts
from backend.handbook.vaccines.forecast import forecast, plan
from backend.handbook.vaccines.programme import Programme, load_programme

__all__ = [
    "ChildFacts",
    "DoseAnswer",
    "Mother",
    "Programme",
    "Status",
    "WrongFacts",
    "forecast",
    "load_programme",
    "plan",
]
