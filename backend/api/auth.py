"""Who asks: the bearer token of a request, turned into a parent."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from apiflask import HTTPTokenAuth
from flask import g, request

from backend.deps import deps
from backend.people import signin

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

bearer = HTTPTokenAuth()  # only names the scheme in the OpenAPI document


def token_of_request() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def signed_in(view: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Only with a valid token; `viewer()` is then the parent.

    Raises Unauthenticated or TokenExpired before anything else of the request is looked at.
    """

    @wraps(view)
    def checked(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        with deps().reads() as session:
            g.viewer = signin.parent_by_token(session, deps().clock, token_of_request())
        return view(*args, **kwargs)

    checked._spec = {**getattr(view, "_spec", {}), "security": [{"bearer": []}]}  # type: ignore[attr-defined]  # APIFlask reads its notes from the function
    return checked


def viewer() -> int:
    """The id of the parent who asks."""
    parent_id: int = g.viewer
    return parent_id
