"""Money of the city: counted in fen, read and written in 元. Pure."""

from decimal import Decimal, InvalidOperation

from backend.kernel.errors import Invalid

MOST_FEN = 2_000_000_000  # of one figure: 二千万元; the column is an integer of 32 bits
DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def yuan(fen: int) -> str:
    """1234567 → 12,345.67; a minus sign in front of what is taken back."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"


def yuan_number(fen: int) -> Decimal:
    """The same as a number, for a table that is to be summed."""
    return Decimal(fen).scaleb(-2)


def read_yuan(text: str) -> int:
    """Fen of what somebody typed: 12.5, -3, 1,200.00. Raises Invalid, also for zero."""
    plain = text.strip().replace(",", "").replace("，", "").removesuffix("元")
    try:
        fen = Decimal(plain) * 100
    except InvalidOperation as error:
        raise Invalid("金额请写数字，如 50.00，扣回写 -50.00") from error
    if not fen.is_finite() or fen != fen.to_integral_value():
        raise Invalid("金额最多两位小数")
    if fen == 0 or abs(fen) > MOST_FEN:
        raise Invalid("金额不能是零，也不能超过两千万元")
    return int(fen)


def in_capitals(fen: int) -> str:
    """人民币大写, as receipts want it: 10250 → 壹佰零贰元伍角整.

    支付结算办法 (1997) annex 1: 零 for skipped digits, 整 after 元 or 角.
    """
    whole, rest = divmod(abs(fen), 100)
    dimes, cents = divmod(rest, 10)
    text = "负" if fen < 0 else ""
    if whole or not rest:
        text += f"{_whole(whole)}元"
    if not rest:
        return f"{text}整"
    if dimes:
        text += f"{DIGITS[dimes]}角"
    elif whole:
        text += "零"
    return f"{text}{DIGITS[cents]}分" if cents else f"{text}整"


def _whole(number: int) -> str:
    if number == 0:
        return DIGITS[0]
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    for place in reversed(range(len(groups))):
        group = groups[place]
        if not group:
            continue
        if text and (group < 1000 or groups[place + 1] == 0):
            text += DIGITS[0]
        text += _four(group) + GROUPS[place]
    return text


def _four(group: int) -> str:
    """One to 9999 without leading zeros; a run of zeros inside is read once."""
    text, skipped = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            text += (DIGITS[0] if skipped and text else "") + DIGITS[digit] + UNITS[place]
        skipped = digit == 0
    return text
