"""Search as parents type: words with synonyms, sentences, ages, pinyin and its initials.

No index: a few hundred texts are scanned in about a millisecond.
"""

from backend.guides.search.engine import Engine, Found
from backend.guides.search.fields import Fields
from backend.guides.search.words import Lexicon, load_lexicon

__all__ = ["Engine", "Fields", "Found", "Lexicon", "load_lexicon"]
