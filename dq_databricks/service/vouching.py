"""Whom a platform vouches for: read from the headers of its proxy, and admitted where that may be.

The proxy of Databricks Apps signs people in and writes who they are into headers. Nothing in a
header proves that the proxy wrote it, so they count only where the settings say that nobody else
reaches this process.
"""

from __future__ import annotations

from fastapi import Request

from dq_databricks.access.identity import Identities, Identity
from dq_databricks.access.people import folded, user_id_of
from dq_databricks.errors import ForbiddenError, UnauthenticatedError
from dq_databricks.model.actor import Actor
from dq_databricks.model.vocabulary import ActorType, Role
from dq_databricks.quality import Quality
from dq_databricks.quality.admitting import admit
from dq_databricks.settings import Settings

EMAIL_HEADERS = ("X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-User")
TOKEN_HEADER = "X-Forwarded-Access-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"", "same-origin", "none"})


def vouched_for(
    request: Request, settings: Settings, quality: Quality, wanted: str | None
) -> Identity:
    """The identity of whom the platform names, in the workspace `wanted` or the first.

    Somebody nobody has added is added with the role of `settings`, operators as admins. Raises
    UnauthenticatedError where nobody is named, ForbiddenError for one who may not come in.
    """
    email = _email(request, settings)
    _check_own_page(request)
    operators = named_operators(settings)
    users = quality.store.access.users
    stored = users.get(user_id_of(email), include_removed=True)
    if stored is None:
        role = Role.ADMIN if email in operators else settings.platform_role
        if not role:
            raise _refused(email, "has not been added here", operators)
        admit(_acting(quality, email, request).access.everywhere().users, email, Role(role))
    elif stored.deleted_at is not None or not stored.is_active:
        raise _refused(email, "may no longer sign in here", operators)
    identities = Identities(quality.store.access, quality.context)
    return identities.of_email(email, wanted, operates=email in operators)


def named_operators(settings: Settings) -> tuple[str, ...]:
    """The addresses of DQ_PLATFORM_ADMINS, as addresses are compared."""
    return tuple(folded(one) for one in settings.platform_admins.split(",") if one.strip())


def _email(request: Request, settings: Settings) -> str:
    if settings.platform_token_required and not request.headers.get(TOKEN_HEADER):
        raise UnauthenticatedError(
            f"no API key, and the platform sent no {TOKEN_HEADER}: send a key, or switch user "
            "authorization on for the app"
        )
    emails = (request.headers.get(name, "").strip() for name in EMAIL_HEADERS)
    email = next((email for email in emails if "@" in email), None)
    if email is None:
        raise UnauthenticatedError(
            f"the platform named nobody: {EMAIL_HEADERS[0]} holds no e-mail address"
        )
    return folded(email)


def _check_own_page(request: Request) -> None:
    """A browser sends the sign-in of the platform along for any page, also one of strangers."""
    came_from = request.headers.get("Sec-Fetch-Site", "").lower()
    if request.method not in _SAFE and came_from not in _OWN:
        raise ForbiddenError(
            f"this change was sent from a page of another address ({came_from[:20]}); "
            "open the service itself and repeat it there"
        )


def _acting(quality: Quality, email: str, request: Request) -> Quality:
    actor = Actor(
        email,
        ActorType.USER,
        request_id=getattr(request.state, "request_id", None),
        source_address=request.client.host if request.client else None,
    )
    return quality.acting(actor, ())


def _refused(email: str, why: str, operators: tuple[str, ...]) -> ForbiddenError:
    whom = ", ".join(operators) or "an administrator of this service"
    return ForbiddenError(
        f"{email} is signed in to Databricks, but {why}: ask {whom} to add this address"
    )
