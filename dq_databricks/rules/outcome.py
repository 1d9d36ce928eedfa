"""How rules make verdicts: numbers out of readouts, and the words around them."""

from __future__ import annotations

import math
from decimal import Decimal

from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.model.words import figure, is_nan, plain
from dq_databricks.rules.values import Readout, Verdict

Number = int | float | Decimal


def number(value: object) -> Number | None:
    """`value` when it is a number: not a truth value, not NaN; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return None if is_nan(value) else value


def count(value: object) -> int | None:
    """`value` when it is a finite number, as a whole one; else None."""
    found = number(value)
    return None if found is None or math.isinf(as_float(found)) else int(found)


def as_float(value: Number) -> float:
    """The nearest float; infinity for what is larger than any."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def verdict(
    *,
    passed: bool,
    expected: str,
    actual: str,
    message: str,
    judged: Number | None = None,
    lower: Number | None = None,
    upper: Number | None = None,
) -> Verdict:
    """A pass or a fail, with the judged figure and its bounds as plain floats."""
    return Verdict(
        status=ResultStatus.PASS if passed else ResultStatus.FAIL,
        expected=expected,
        actual=actual,
        message=_sentence(message),
        number=_finite(judged),
        lower=_finite(lower),
        upper=_finite(upper),
    )


def no_data(expected: str, why: str) -> Verdict:
    """Nothing to judge, and why."""
    return Verdict(ResultStatus.NO_DATA, expected, None, _sentence(why))


def first_of_its_kind(
    expected: str, *, actual: str, found: str, judged: Number | None = None
) -> Verdict:
    """A value with no previous one beside it; it is kept for the next run to compare with."""
    message = _sentence(f"{found}; there is no previous run to compare with")
    return Verdict(ResultStatus.NO_DATA, expected, actual, message, number=_finite(judged))


def nothing_measured(readout: Readout, expected: str) -> Verdict:
    """There is no value: the table has no rows, or the column no values."""
    if readout.row_count == 0:
        return no_data(expected, "the table has no rows")
    return no_data(expected, f"{readout.finding}: there is no value to judge")


def not_a_number(readout: Readout, expected: str) -> Verdict:
    """There is a value, but arithmetic cannot judge it."""
    return verdict(
        passed=False,
        expected=expected,
        actual=plain(readout.value),
        message=f"{readout.finding} is {figure(readout.value)}, not a number; expected {expected}",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finite(value: Number | None) -> float | None:
    if value is None:
        return None
    return as_float(value) if math.isfinite(as_float(value)) else None
