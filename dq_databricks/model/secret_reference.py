"""References to secrets: where a secret is kept, never what it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from dq_databricks.errors import ParameterError

_NAME = r"[A-Za-z0-9_.@-]{1,128}"


class SecretKind(StrEnum):
    """Where a secret is kept; the values are the prefixes of the written form."""

    SECRET_SCOPE = "secret"
    ENVIRONMENT = "env"
    FILE = "file"
    VAULT = "vault"


_FORMS = (
    (SecretKind.SECRET_SCOPE, re.compile(rf"secret:(?P<place>{_NAME})/(?P<key>{_NAME})")),
    (SecretKind.ENVIRONMENT, re.compile(r"env:(?P<place>[A-Za-z_][A-Za-z0-9_]{0,127})")),
    (SecretKind.FILE, re.compile(r"file:(?P<place>[^\x00-\x1f\x7f]{1,1024})")),
    (SecretKind.VAULT, re.compile(rf"vault:(?P<place>{_NAME})")),
    (SecretKind.SECRET_SCOPE, re.compile(rf"(?P<place>{_NAME})/(?P<key>{_NAME})")),
)


@dataclass(frozen=True, slots=True)
class SecretReference:
    """One reference. `place` is the scope, variable, path or name; only a scope has a `key`."""

    kind: SecretKind
    place: str
    key: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``secret:SCOPE/KEY`` (or bare ``SCOPE/KEY``), ``env:``, ``file:`` or ``vault:``.

        Raises ParameterError for anything else, without showing it: it may be a secret.
        """
        for kind, form in _FORMS:
            if (found := form.fullmatch(text.strip())) is not None:
                return cls(kind, **found.groupdict())
        raise ParameterError(
            f"a text of {len(text)} characters (not shown, it may be a secret) is no reference to "
            "a secret; write secret:SCOPE/KEY, env:NAME, file:PATH or vault:NAME, and keep the "
            "value there"
        )

    def __str__(self) -> str:
        rest = self.place if self.key is None else f"{self.place}/{self.key}"
        return f"{self.kind.value}:{rest}"
