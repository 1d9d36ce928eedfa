"""Pages of rows, and the opaque cursor from one page to the next."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa

from dq_databricks.errors import CursorError, MissingExtraError
from dq_databricks.model.base import Record
from dq_databricks.store.columns import column_named, to_arrow

if TYPE_CHECKING:
    import pandas as pd

M = TypeVar("M", bound=Record)
_DIGEST_CHARS = 32


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a listing. `next_cursor` leads to the next page; None: this is the last."""

    model: type[M]
    items: tuple[M, ...]
    next_cursor: str | None = None

    def __iter__(self) -> Iterator[M]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def to_arrow(self) -> pa.Table:
        """The rows as Arrow, one column per field."""
        return to_arrow(self.model, self.items)

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame; raises MissingExtraError where pandas is not installed."""
        return frame_of(self.to_arrow())


def frame_of(rows: pa.Table) -> pd.DataFrame:
    """`rows` as a pandas frame; raises MissingExtraError where pandas is not installed."""
    try:
        frame: pd.DataFrame = rows.to_pandas()
    except ModuleNotFoundError as error:
        raise MissingExtraError("to_pandas() needs pandas: pip install pandas") from error
    return frame


def encode_cursor(scope: str, values: Sequence[Any], key: bytes = b"") -> str:
    """A cursor after the row with these order `values`; only `scope` can read it.

    It is signed with `key`; without one it is only protected against mistakes.
    """
    payload = json.dumps([_plain(value) for value in values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(scope, payload, key) + payload).decode().rstrip("=")


def decode_cursor(
    scope: str, cursor: str, model: type[Record], columns: Sequence[str], key: bytes = b""
) -> list[Any]:
    """The order values of a cursor of `scope`.

    Raises CursorError for a cursor that was changed, cut, or given by another listing.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(cursor) from error
    digest, payload = raw[:_DIGEST_CHARS], raw[_DIGEST_CHARS:]
    if not hmac.compare_digest(digest, _digest(scope, payload, key)):
        raise _refused(cursor)
    return [
        _typed(model, name, value) for name, value in zip(columns, json.loads(payload), strict=True)
    ]


def _refused(cursor: str) -> CursorError:
    return CursorError(
        f"cursor {cursor[:24]!r}: this listing did not give it (changed, cut, or of other "
        "filters or another order); start again without a cursor"
    )


def _digest(scope: str, payload: bytes, key: bytes) -> bytes:
    signed = scope.encode() + b"\x00" + payload
    return hmac.new(key, signed, hashlib.sha256).hexdigest()[:_DIGEST_CHARS].encode()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(model: type[Record], name: str, value: Any) -> Any:
    if value is None or column_named(model, name).sql_type != "TIMESTAMP":
        return value
    return datetime.fromisoformat(value)
