"""Options of a connection, held against its type; the values of secrets are refused unseen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.federation.entry import OptionKind, SourceOption, SourceType
from dq_databricks.model.redacting import redacted
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.model.words import did_you_mean

MOST_CHARACTERS = 1_000
_REFERENCE = f"{SecretKind.SECRET_SCOPE.value}:"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[^\s/@\\?#]+")
_WELL_KNOWN = re.compile(r"-----BEGIN|private_key|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}")
# Long and of mixed letters and digits, as keys are and names are not.
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/=_-]{32,}")


def checked_options(kind: SourceType, given: Mapping[str, Any]) -> dict[str, str]:
    """The options `given` to a connection of type `kind`, as text.

    Those that may be left out and have a default are filled in. Raises UnknownNameError with near
    names, and ParameterError, which never shows a value.
    """
    for name in given:
        if kind.option(name) is None:
            raise UnknownNameError(_unknown(kind, name))
    values = {name: _checked(kind, name, value) for name, value in given.items()}
    defaults = {one.name: one.default for one in kind.options if one.default is not None}
    missing = [option for option in kind.options if _is_missing(kind, option, values)]
    if missing:
        first = missing[0]
        raise ParameterError(
            f"a connection of type {kind.name} needs the option {first.name} ({first.help}); "
            f"give --option {first.name}=…"
        )
    return {**defaults, **values}


def parsed_options(text: str | None) -> dict[str, str]:
    """The options that a connection stores."""
    return {} if text is None else {str(k): str(v) for k, v in json.loads(text).items()}


def reference_in(value: str) -> SecretReference | None:
    """The secret that an option refers to; None: it is a plain value."""
    return SecretReference.parse(value) if value.startswith(_REFERENCE) else None


def looks_like_secret(value: str) -> bool:
    """Whether `value` has the form of a password in an address, a token, or a key."""
    is_named = redacted(value) != value or _WELL_KNOWN.search(value) is not None
    return is_named or _RANDOM.fullmatch(value) is not None


def _is_missing(kind: SourceType, option: SourceOption, values: Mapping[str, str]) -> bool:
    is_filled = option.default is not None or option.name == kind.credentials
    return option.is_required and not is_filled and option.name not in values


def _unknown(kind: SourceType, name: str) -> str:
    known = [option.name for option in kind.options]
    if not known:
        return f"a connection of type {kind.name} takes no options; {name[:40]!r} was given"
    hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
    return f"a connection of type {kind.name} has no option {name[:40]!r}{hint}"


def _checked(kind: SourceType, name: str, value: Any) -> str:
    option = kind.option(name)
    text = str(value).lower() if isinstance(value, bool) else str(value).strip()
    if reference_in(text) is not None:
        return text
    if option is not None and option.kind is OptionKind.SECRET:
        raise ParameterError(
            f"option {name} is a secret: keep it in a secret scope and give the connection "
            "--credentials secret:SCOPE/KEY"
        )
    if looks_like_secret(text):
        raise ParameterError(
            f"option {name}: the value (not shown) looks like a secret; keep it in a secret scope "
            f"and give {name}=secret:SCOPE/KEY"
        )
    if not 0 < len(text) <= MOST_CHARACTERS or _CONTROL.search(text):
        raise ParameterError(
            f"option {name}: give 1 to {MOST_CHARACTERS:,} characters without control characters"
        )
    return text if option is None else _of_kind(option, text)


def _of_kind(option: SourceOption, text: str) -> str:
    if option.kind is OptionKind.PORT and not (text.isdecimal() and 0 < int(text) < 65_536):
        raise ParameterError(f"option {option.name}: give a whole number from 1 to 65535")
    if option.kind is OptionKind.FLAG and text.lower() not in ("true", "false"):
        raise ParameterError(f"option {option.name}: give true or false")
    if option.kind is OptionKind.HOST and _HOST.fullmatch(text) is None:
        raise ParameterError(
            f"option {option.name}: give the name of the server alone, without scheme, user or path"
        )
    return text.lower() if option.kind is OptionKind.FLAG else text
