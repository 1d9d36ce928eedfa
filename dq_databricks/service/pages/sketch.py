"""Small pictures of a column's values, drawn by hand: a few bars that stand in a table cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dq_databricks.model.profile import ColumnProfile
from dq_databricks.model.profile_values import QUANTILES, Counted, quantiles, top_values

WIDTH, HEIGHT = 112.0, 24.0
MOST_BARS = 20
_SHARES = (0.05, 0.20, 0.25, 0.25, 0.20, 0.05)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in pixels, with what it says when pointed at."""

    x: float
    width: float
    height: float
    text: str

    @property
    def y(self) -> float:
        """Where the bar begins, from above."""
        return round(HEIGHT - self.height, 1)


@dataclass(frozen=True, slots=True)
class Sketch:
    """The bars of one column; `label` says in words what they show."""

    bars: tuple[Bar, ...]
    label: str


def sketch(column: ColumnProfile) -> Sketch | None:
    """The distribution of `column`: its values where there are few, else its quantiles."""
    values = top_values(column)
    if column.general_type == "boolean" and column.true_count is not None:
        values = (
            Counted("true", column.true_count),
            Counted("false", column.false_count or 0),
        )
    if values and (column.distinct_count or 0) <= MOST_BARS:
        return _of_values(_by_value(values) if _is_number(column) else values)
    found = quantiles(column)
    if found:
        return _of_quantiles(column, found)
    return _of_values(values) if values else None


def _of_values(values: Sequence[Counted]) -> Sketch:
    shown = values[:MOST_BARS]
    most = max((one.count for one in shown), default=1) or 1
    step = WIDTH / max(len(shown), 4)
    bars = tuple(
        Bar(
            round(place * step, 1),
            round(max(step - 1, 1.5), 1),
            round(max(one.count / most * HEIGHT, 1), 1),
            f"{one.value}: {one.count:,}",
        )
        for place, one in enumerate(shown)
    )
    named = ", ".join(f"{one.value} {one.count:,}" for one in shown[:3])
    return Sketch(bars, f"{len(shown)} most frequent values: {named}" if shown else "no values")


def _of_quantiles(column: ColumnProfile, found: dict[str, float]) -> Sketch | None:
    edges = [_number(column.min_value), *(found[name] for name in QUANTILES if name in found),
             _number(column.max_value)]  # fmt: skip
    known = [edge for edge in edges if edge is not None]
    if len(known) != len(_SHARES) + 1 or known[0] >= known[-1]:
        return None
    # Tails are cut to the width of the middle, or one far value would press all else to a line.
    reach = (known[5] - known[1]) * 0.5 or (known[-1] - known[0])
    low, high = max(known[0], known[1] - reach), min(known[-1], known[5] + reach)
    known[0], known[-1] = low, high
    widths = [right - left for left, right in pairwise(known)]
    tops = [part / width if width > 0 else 0.0 for part, width in zip(_SHARES, widths, strict=True)]
    most, scale = max(tops) or 1, WIDTH / (high - low)
    bars = tuple(
        Bar(
            round((left - low) * scale, 1),
            round(max(width * scale - 0.5, 0.8), 1),
            round(max(top / most * HEIGHT, 1), 1),
            f"{part:.0%} from {left:.6g} to {left + width:.6g}",
        )
        for left, width, top, part in zip(known, widths, tops, _SHARES, strict=False)
        if width > 0
    )
    return Sketch(bars, f"half of the values from {found['p25']:.6g} to {found['p75']:.6g}")


def _by_value(values: Sequence[Counted]) -> Sequence[Counted]:
    numbers = [(_number(one.value), one) for one in values]
    if any(number is None for number, _ in numbers):
        return values
    return [one for _, one in sorted(numbers, key=lambda pair: pair[0] or 0.0)]


def _is_number(column: ColumnProfile) -> bool:
    return column.mean is not None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
