"""Who asks: a key in a header, the session of a key, or an identity a platform vouches for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property

from fastapi import Request

from dq_databricks.access.identity import Identities, Identity
from dq_databricks.access.key_hash import KeyChecker
from dq_databricks.access.key_text import PREFIX_CHARS, is_key, prefix_of
from dq_databricks.access.keys import Keys
from dq_databricks.access.secret import purpose_key, service_secret
from dq_databricks.access.users import Users
from dq_databricks.errors import QualityError, UnauthenticatedError
from dq_databricks.model.access import ApiKey
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import ActorType
from dq_databricks.quality import Quality
from dq_databricks.quality.access_site import PEPPER
from dq_databricks.service.guessing import Guessing
from dq_databricks.service.pages.session import session_key_id
from dq_databricks.service.principal import Principal
from dq_databricks.service.site import Authenticator
from dq_databricks.service.vouching import vouched_for
from dq_databricks.settings import Settings

WORKSPACE_HEADER, WORKSPACE_COOKIE = "X-Workspace", "dq_workspace"
_BEARER = "bearer "


class KeyAuthenticator:
    """Finds the principal of a request; every request is checked against the stored rows.

    The headers of a platform are looked at only where `settings.platform_identity` is on.
    """

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._guessing = Guessing(context.monotonic)

    def authenticate(self, request: Request, quality: Quality) -> Principal:
        """The principal of `request`; raises UnauthenticatedError, TooManyRequestsError."""
        identities = Identities(quality.store.access, self._context)
        wanted = request.headers.get(WORKSPACE_HEADER) or request.cookies.get(WORKSPACE_COOKIE)
        if text := self._key_text(request):
            row = self._checked(text, request, identities)
            identity = identities.of_key(row, request.headers.get(WORKSPACE_HEADER))
        elif key_id := session_key_id(request):
            identity = identities.of_key(identities.key_with_id(key_id))
        elif self._settings.platform_identity:
            identity = vouched_for(request, self._settings, quality, wanted)
        else:
            raise UnauthenticatedError(
                f"no API key: send one in the header {self._settings.api_key_header}"
            )
        self._note_use(identity, quality)
        return _principal(identity, request)

    def settle(self) -> None:
        """Wait until every use that was seen is noted."""
        for pending in list(self._pending):
            pending.result()

    # --- below -------------------------------------------------------------------------------

    def _key_text(self, request: Request) -> str:
        if given := request.headers.get(self._settings.api_key_header):
            return given.strip()
        authorization = request.headers.get("Authorization", "")
        is_bearer = authorization.lower().startswith(_BEARER)
        return authorization[len(_BEARER) :].strip() if is_bearer else ""

    def _checked(self, text: str, request: Request, identities: Identities) -> ApiKey:
        prefix = prefix_of(text) if is_key(text) else "?" * PREFIX_CHARS
        address = request.client.host if request.client else ""
        self._guessing.check(prefix, address)
        try:
            row = identities.key_of(text, self._checker)
        except UnauthenticatedError:
            self._guessing.failed(prefix, address)
            raise
        self._guessing.succeeded(prefix)
        return row

    @cached_property
    def _checker(self) -> KeyChecker:
        pepper = purpose_key(service_secret(self._settings, self._context.redaction), PEPPER)
        return KeyChecker(pepper, self._context.monotonic)

    @cached_property
    def _aside(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="dq-last-used")

    @cached_property
    def _pending(self) -> set[Future[None]]:
        return set()

    def _note_use(self, identity: Identity, quality: Quality) -> None:
        """Note when a key or user was last seen, beside the request: that must never fail it."""
        tables, now = quality.store.access, self._context.now()
        notes: list[Callable[[], bool]] = []
        if (key := identity.key) is not None and Keys.is_due(key, now):
            keys = Keys(tables.keys, self._context, lambda: b"")
            notes.append(lambda: keys.touch(key))
        if (user := identity.user) is not None and Users.is_due(user, now):
            users = Users(tables, self._context)
            notes.append(lambda: users.touch(user))
        for note in notes:
            done = self._aside.submit(_quietly, note)
            self._pending.add(done)
            done.add_done_callback(self._pending.discard)


def default_authenticator(settings: Settings, context: Context | None = None) -> Authenticator:
    """The authenticator of a service: keys, their sessions, and the platform where it is on."""
    return KeyAuthenticator(settings, context or Context())


def _quietly(note: Callable[[], bool]) -> None:
    try:
        note()
    except QualityError:  # the next use notes it
        return


def _principal(identity: Identity, request: Request) -> Principal:
    key, user = identity.key, identity.user
    actor = Actor(
        identity.name,
        ActorType.KEY if key is not None else ActorType.USER,
        identity.workspace.workspace_id,
        api_key_id=None if key is None else key.api_key_id,
        request_id=getattr(request.state, "request_id", None),
        source_address=request.client.host if request.client else None,
    )
    return Principal(
        actor,
        identity.organization.organization_id,
        identity.workspace.workspace_id,
        identity.role,
        identity.scopes,
        identity.projects,
        timezone="UTC" if user is None else user.timezone,
        language="en" if user is None else user.language,
    )
