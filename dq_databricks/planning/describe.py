"""A plan for people (lines and rows of tables) and as a JSON-ready document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from dq_databricks.planning.plan import PlannedStatement, ProvenMeasure, ScanPlan

STATEMENT_HEADERS = ("#", "kind", "answers", "columns read", "bytes", "of the tests and measures")
PROVEN_HEADERS = ("needs no scan", "value", "why")

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SHOWN = 6


def plan_document(plan: ScanPlan, names: Mapping[str, str] | None = None) -> dict[str, object]:
    """`plan` as a JSON-ready dict. `names` are words for keys, such as the names of tests."""
    known = names or {}
    return {
        "table": str(plan.snapshot.relation),
        "table_version": plan.snapshot.version,
        "row_count": plan.snapshot.statistics.row_count,
        "totals": _totals(plan),
        "statements": [
            _statement_document(number, planned, known)
            for number, planned in enumerate(plan.statements, 1)
        ],
        "proven": [
            {
                "keys": list(answer.keys),
                "names": _named(answer.keys, known),
                "value": json_ready(answer.value),
                "source": answer.source,
                "reason": answer.reason,
            }
            for answer in plan.proven
        ],
        "answered_by": answered_by(plan),
    }


def plan_lines(plan: ScanPlan, names: Mapping[str, str] | None = None) -> list[str]:
    """`plan` as plain lines: the summary, then each statement with its SQL, then the proofs."""
    known = names or {}
    lines = [summary(plan)]
    for number, planned in enumerate(plan.statements, 1):
        lines += ["", " · ".join(statement_row(number, planned, known))]
        lines += [planned.note] if planned.note else []
        lines += planned.statement.text.splitlines()
    lines += [""] if plan.proven else []
    lines += [" · ".join(proven_row(answer, known)) for answer in plan.proven]
    return lines


def summary(plan: ScanPlan) -> str:
    """One line: statements, columns read, bytes, and what needs none of it."""
    totals, proven = _totals(plan), sum(len(answer.keys) for answer in plan.proven)
    version = "" if plan.snapshot.version is None else f" at version {plan.snapshot.version}"
    return (
        f"{plan.snapshot.relation}{version}: {_counted(len(plan.statements), 'statement')}, "
        f"{totals['columns_read']} columns read of {totals['columns_of_table']}, "
        f"{_size(plan_bytes(plan))}; {_counted(proven, 'measure')} without a scan"
    )


def statement_row(
    number: int, planned: PlannedStatement, names: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Cells of one statement under STATEMENT_HEADERS."""
    keys = _keys(planned)
    return (
        str(number),
        planned.kind,
        str(len(keys)),
        _some(sorted(planned.columns)) or "none",
        _size(planned.estimated_bytes),
        _some(_named(keys, names or {})),
    )


def proven_row(answer: ProvenMeasure, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Cells of one proven measure under PROVEN_HEADERS."""
    return _some(_named(answer.keys, names or {})), str(json_ready(answer.value)), answer.reason


def answered_by(plan: ScanPlan) -> dict[str, str]:
    """For every key, what answers it: ``statement 1``, ``statistics`` or ``metadata``."""
    found: dict[str, str] = {key: answer.source for answer in plan.proven for key in answer.keys}
    for number, planned in enumerate(plan.statements, 1):
        found.update(dict.fromkeys(_keys(planned), f"statement {number}"))
    return found


def plan_bytes(plan: ScanPlan) -> int | None:
    """Estimated bytes of all statements; None where one of them is unknown."""
    sizes = [planned.estimated_bytes for planned in plan.statements]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def json_ready(value: object) -> object:
    """`value` as JSON can hold it: times in ISO form, decimals as text, bytes in hex."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple | list) else value


def _statement_document(
    number: int, planned: PlannedStatement, names: Mapping[str, str]
) -> dict[str, object]:
    return {
        "number": number,
        "kind": planned.kind,
        "sql": planned.statement.text,
        "parameters": {
            name: json_ready(value) for name, value in planned.statement.parameters.items()
        },
        "columns": sorted(planned.columns),
        "estimated_bytes": planned.estimated_bytes,
        "answers": [
            {"alias": alias, "keys": list(keys), "names": _named(keys, names)}
            for alias, keys in planned.answers.items()
        ],
        "note": planned.note,
    }


def _totals(plan: ScanPlan) -> dict[str, object]:
    return {
        "statements": len(plan.statements),
        "columns_read": plan.columns_read,
        "columns_of_table": len(plan.snapshot.columns),
        "estimated_bytes": plan_bytes(plan),
        "answers": len(answered_by(plan)),
        "answers_without_scan": sum(len(answer.keys) for answer in plan.proven),
    }


def _keys(planned: PlannedStatement) -> list[str]:
    return [key for keys in planned.answers.values() for key in keys]


def _named(keys: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return [names.get(key, key) for key in keys]


def _some(words: list[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(size: int | None) -> str:
    if size is None:
        return "size unknown"
    amount, power = float(size), 0
    while amount >= 1000 and power < len(_UNITS) - 1:
        amount, power = amount / 1000, power + 1
    return f"{amount:.0f} {_UNITS[power]}" if power == 0 else f"{amount:.1f} {_UNITS[power]}"
