"""Principals that were found a moment ago, while no row that decides on them has changed."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request

from dq_databricks.engine.caching import CachingEngine, Token
from dq_databricks.engine.protocol import Engine
from dq_databricks.model.access import ApiKey, Membership, Organization, User, Workspace
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import Context
from dq_databricks.model.setting import Setting
from dq_databricks.service.principal import Principal
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName

KEPT = timedelta(seconds=1)
MOST_KEPT = 1000
_DECIDING = (Setting, ApiKey, Workspace, Organization, User, Membership, Project)


@dataclass(frozen=True, slots=True)
class Sight:
    """A request as an authenticator sees it, and what the deciding tables were like before."""

    key: bytes
    tokens: tuple[Token, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    sight: Sight
    principal: Principal


class PrincipalMemory:
    """Remembers for a second. Keys are kept as hashes; what a platform vouches for is not kept."""

    def __init__(self, settings: Settings, engine: Engine, context: Context) -> None:
        self._engine = engine if isinstance(engine, CachingEngine) else None
        self._is_off = settings.platform_identity
        self._headers = (settings.api_key_header.lower(), "authorization", "cookie", "x-workspace")
        place = settings.catalog, settings.data_quality_schema
        self._tables = [TableName(*place, model.TABLE) for model in _DECIDING]
        self._context = context
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, request: Request) -> Sight | None:
        """How things are before `request` is authenticated; None where nothing may be kept."""
        if self._engine is None or self._is_off:
            return None
        tokens = self._engine.tokens(self._tables)
        return None if tokens is None else Sight(self._key(request), tokens, self._context.now())

    def find(self, request: Request) -> Principal | None:
        """The principal of a request like this one, if it is still sure to be right."""
        now = self.look(request)
        if now is None:
            return None
        with self._lock:
            kept = self._kept.get(now.key)
        is_right = kept is not None and (
            kept.sight.tokens == now.tokens and timedelta() <= now.at - kept.sight.at <= KEPT
        )
        return kept.principal if kept is not None and is_right else None

    def keep(self, sight: Sight | None, principal: Principal) -> None:
        """Remember who was found after `sight`."""
        if sight is None:
            return
        with self._lock:
            self._kept[sight.key] = _Kept(sight, principal)
            self._kept.move_to_end(sight.key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _key(self, request: Request) -> bytes:
        digest = hashlib.sha256()
        for name in self._headers:
            for value in request.headers.getlist(name):
                digest.update(f"{name}:{len(value)}:{value}\n".encode())
        return digest.digest()
