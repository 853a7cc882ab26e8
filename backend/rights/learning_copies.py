"""The parent's own part of a copy: what was marked, knowledge checks, accounts followed."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.models import KIND_TITLES, Follower, WeChatAccount
from backend.guides.models import GuideMark
from backend.kernel.clock import city_time
from backend.knowledge.models import QuizAnswer, QuizSet

Copy = dict[str, Any]


def marks_of(session: Session, parent_id: int) -> list[Copy]:
    """What this parent marked in the library, by the names of the pieces."""
    rows = session.scalars(
        select(GuideMark).where(GuideMark.parent_id == parent_id).order_by(GuideMark.slug)
    )
    return [
        {
            "piece": one.slug,
            "favourite_since": _said_or_none(one.favourite_since),
            "read_at": _said_or_none(one.read_at),
        }
        for one in rows
    ]


def followed_by(session: Session, parent_id: int) -> list[Copy]:
    """The WeChat accounts that are linked to this parent, and since when they are followed.

    By their names: the ids of WeChat never leave the server.
    """
    rows = session.execute(
        select(Follower, WeChatAccount)
        .join(WeChatAccount, WeChatAccount.appid == Follower.appid)
        .where(Follower.parent_id == parent_id)
        .order_by(Follower.followed_at, Follower.appid)
    )
    return [
        {
            "account": account.name,
            "kind": KIND_TITLES[account.kind],
            "followed_at": _said_or_none(follower.followed_at),
            "left_at": _said_or_none(follower.left_at),
            "scene": follower.scene,
        }
        for follower, account in rows
    ]


def quizzes_of(session: Session, parent_id: int) -> list[Copy]:
    """This parent's knowledge checks; which question it was, by its name in the content."""
    sets = session.scalars(
        select(QuizSet).where(QuizSet.parent_id == parent_id).order_by(QuizSet.id)
    ).all()
    answers: dict[int, list[Copy]] = {}
    for row in session.scalars(
        select(QuizAnswer)
        .where(QuizAnswer.set_id.in_([one.id for one in sets]))
        .order_by(QuizAnswer.set_id, QuizAnswer.position)
    ):
        line = {
            "question": row.question_id,
            "chosen": row.chosen,
            "correct": row.correct,
            "answered_at": _said_or_none(row.answered_at),
        }
        answers.setdefault(row.set_id, []).append(line)
    return [
        {
            "band": one.band,
            "town_code": one.town_code,
            "sampled": one.sampled,
            "begun_at": _said(one.begun_at),
            "finished_at": _said_or_none(one.finished_at),
            "answers": answers.get(one.id, []),
        }
        for one in sets
    ]


def _said_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else _said(instant)


def _said(instant: datetime) -> str:
    return city_time(instant).isoformat(timespec="seconds")
