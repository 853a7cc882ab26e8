"""Rules about people: who may be registered, what must be agreed to, codes and tokens."""

import hashlib
import secrets
from datetime import date, timedelta

from backend.kernel.ages import add_months
from backend.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from backend.kernel.privacy import Vault, fold_name
from backend.people.models import Child, DuplicateState, Sex

OLDEST_YEARS = 7  # the handbook ends at six years; a child of seven is a typing error
TOKEN_LIFE = timedelta(days=30)
INVITATION_LIFE = timedelta(hours=24)
IDENTITY_MAY_CHANGE = timedelta(days=1)  # a typing error is seen at once
INVITATION_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O: they are read as 1 and 0
INVITATION_LENGTH = 8
MOST_CHILDREN = 12  # of one parent; more is a typing error or a misuse
MOST_GUARDIANS = 8
INVITATION_TRIES = 10  # wrong codes of one parent in an hour: 24**8 codes cannot be guessed


class TokenExpired(Unauthenticated):
    code = "token_expired"
    message = "登录已过期，请重新打开小程序"


class ConsentNeeded(Forbidden):
    code = "consent_needed"
    message = "请先阅读并同意有关的文件"


class ConsentOutdated(Conflict):
    code = "consent_outdated"
    message = "文件已更新，请重新打开并阅读最新版本"


class BirthDateOutOfRange(Invalid):
    code = "birth_date_out_of_range"
    message = "出生日期应在今天以前、七年以内，请检查"


class PossibleDuplicate(Conflict):
    code = "possible_duplicate"
    message = "这个孩子可能已由家人登记，请让家人发送邀请码，或联系亲子活动中心核实"


class InvitationInvalid(NotFound):
    code = "invitation_invalid"
    message = "邀请码无效、已用过或已过期，请让家人重新生成"


class IdentityFixed(Conflict):
    code = "identity_fixed"
    message = "姓名、性别和出生日期在登记一天后不能自己改，请联系亲子活动中心"


class TooManyChildren(Invalid):
    code = "too_many_children"
    message = "登记的孩子太多，请联系亲子活动中心"


class ChildDeparted(Conflict):
    code = "child_departed"
    message = "这个孩子的服务已停止；如有变化，可在“我的”里更正，或联系亲子活动中心"


def check_birth_date(birth: date, today: date) -> None:
    """Raises BirthDateOutOfRange for tomorrow and for seven years ago."""
    if birth > today or birth <= add_months(today, -12 * OLDEST_YEARS):
        raise BirthDateOutOfRange


def check_may_book(child: Child) -> None:
    """Raises ChildDeparted; PossibleDuplicate while it is open whether it is registered twice."""
    if child.departure is not None:
        raise ChildDeparted
    if child.duplicate_state is DuplicateState.POSSIBLE:
        raise PossibleDuplicate


def child_identity(vault: Vault, name: str, sex: Sex, birth: date) -> bytes:
    """Equal for two registrations of one child, whatever keyboard wrote the name."""
    return vault.fingerprint("child", fold_name(name), sex.value, birth.isoformat())


def new_token() -> str:
    """An opaque sign-in token of 256 random bits."""
    return secrets.token_urlsafe(32)


def new_invitation_code() -> str:
    return "".join(secrets.choice(INVITATION_LETTERS) for _ in range(INVITATION_LENGTH))


def fold_invitation_code(code: str) -> str:
    """As typed by a person: spaces, dashes and small letters do not matter."""
    return "".join(c for c in code.upper() if c.isalpha())


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret; enough because the secret cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()
