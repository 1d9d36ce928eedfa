"""ETags: the version of a row, which every change must name in If-Match."""

from __future__ import annotations

import re
from typing import Annotated, Protocol

from fastapi import Depends, Header, Response

from dq_databricks.errors import PreconditionMissingError, RequestError

_ETAG = re.compile(r'(?:W/)?"v([0-9]{1,18})"', re.ASCII)


class Versioned(Protocol):
    """A row with a version."""

    @property
    def version(self) -> int:
        """Counts the edits of the row from 1."""


def etag(row: Versioned) -> str:
    """The entity tag of a row, such as ``"v3"``."""
    return f'"v{row.version}"'


def tagged(response: Response, row: Versioned) -> None:
    """Send the entity tag of `row` with the answer."""
    response.headers["ETag"] = etag(row)


async def _expected_version(
    if_match: Annotated[
        str | None,
        Header(
            description='The ETag of what is changed, such as "v3".',
            examples=['"v3"'],
            json_schema_extra={"pattern": r'^(W/)?"v[0-9]{1,18}"$'},
        ),
    ] = None,
) -> int:
    if if_match is None:
        raise PreconditionMissingError("say which version you change: send its ETag as If-Match")
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise RequestError(f'If-Match {if_match[:40]!r}: send one ETag of ours, such as "v3"')
    return int(found[1])


ExpectedVersion = Annotated[int, Depends(_expected_version)]
