"""What needs no scan: answers known from the snapshot, each with its reason in words."""

from __future__ import annotations

import operator
from datetime import datetime

from dq_databricks.engine.protocol import Scalar, Snapshot
from dq_databricks.planning.measure import MeasureKind, Proof
from dq_databricks.planning.plan import ProvenMeasure
from dq_databricks.planning.requests import Request
from dq_databricks.sql.identifiers import quote

_WORDS = {
    "row_count": "row count",
    "null_count": "null count of column {}",
    "min": "smallest value of column {}",
    "max": "largest value of column {}",
    "none_outside": "smallest and largest value of column {} lie within the limits,",
}


def prove(snapshot: Snapshot, request: Request) -> ProvenMeasure | None:
    """The answer to `request` when metadata or file statistics hold it, else None."""
    if request.measure.kind is MeasureKind.METADATA:
        what = request.measure.expression.text or "the value"
        reason = f"{what} is known from the description of the table{_at_version(snapshot)}"
        return ProvenMeasure(request.keys, request.measure.value, "metadata", reason)
    for measure in request.measures:
        if measure.proof is not None:
            known, value = known_fact(snapshot, measure.proof)
            if known:
                reason = _reason(snapshot, measure.proof)
                return ProvenMeasure(request.keys, value, "statistics", reason)
    return None


def known_fact(snapshot: Snapshot, proof: Proof) -> tuple[bool, Scalar | None]:
    """Whether the file statistics hold the fact, and its value."""
    if proof.fact == "row_count":
        return snapshot.statistics.row_count is not None, snapshot.statistics.row_count
    column = snapshot.statistics.columns.get(proof.column or "")
    if column is None:
        return False, None
    if proof.fact == "null_count":
        return column.null_count is not None, column.null_count
    if column.bounds is None:
        return False, None
    if proof.fact == "none_outside":
        return _lies_within(column.bounds, proof), 0
    return True, column.bounds[0 if proof.fact == "min" else 1]


def _lies_within(bounds: tuple[Scalar | None, Scalar | None], proof: Proof) -> bool:
    smallest, largest = bounds
    if smallest is None or largest is None:
        return True  # there are no values at all
    return _at_most(proof.low, smallest) and _at_most(largest, proof.high)


def _at_most(left: Scalar | None, right: Scalar | None) -> bool:
    """Whether `left` ≤ `right`; no limit always holds, values that do not compare never do."""
    if left is None or right is None:
        return True
    left, right = _comparable(left, right), _comparable(right, left)
    try:
        return bool(operator.le(left, right))
    except TypeError:
        return False


def _comparable(value: Scalar, other: Scalar) -> Scalar:
    """`value` as a day beside a day, and without its zone (UTC) beside a time without one."""
    if not isinstance(value, datetime):
        return value
    if not isinstance(other, datetime):
        return value.date()
    return value if other.tzinfo is not None else value.replace(tzinfo=None)


def _reason(snapshot: Snapshot, proof: Proof) -> str:
    fact = _WORDS[proof.fact].format(quote(proof.column) if proof.column else "")
    return f"{fact}{_files(snapshot)} from {_origin(snapshot)}"


def _files(snapshot: Snapshot) -> str:
    if snapshot.file_count is None:
        return ""
    noun = "file" if snapshot.file_count == 1 else "files"
    return f" of {snapshot.file_count:,} {noun}"


def _origin(snapshot: Snapshot) -> str:
    if snapshot.version is None:
        return "the file footers"
    return f"the Delta log, version {snapshot.version}"


def _at_version(snapshot: Snapshot) -> str:
    return "" if snapshot.version is None else f", version {snapshot.version}"
