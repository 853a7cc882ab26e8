"""What a person can type, and what a database can keep."""

import unicodedata

UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
JOINS = "\u200d"  # of several emoji one


def clean(text: str) -> str:
    """Refuse what neither a keyboard types nor PostgreSQL stores: NUL, controls, surrogates.

    And signs that nobody sees (Unicode's Cf, Zl, Zp): one of them in a name would make a second
    child of the first. Raises ValueError.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("文字里有无法识别的字符") from error
    if any(unicodedata.category(c) in UNSEEN for c in text):
        raise ValueError("文字里有无法识别的字符")
    return text


def clean_lines(text: str) -> str:
    """As `clean`, for what is written on several lines and with emoji."""
    lines = text.replace("\r\n", "\n")
    clean(lines.replace("\n", "").replace(JOINS, ""))
    return lines
