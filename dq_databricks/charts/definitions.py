"""One definition per chart: plain values in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dq_databricks.charts.frame import HEIGHT, ROW_HEIGHT, WIDTH, altair, count_axis, dressed
from dq_databricks.charts.palette import NOTEBOOK, Palette

if TYPE_CHECKING:
    import altair as alt

_DAY_S = 86_400
_SHAPES = {
    "pass": "circle",
    "warn": "triangle-up",
    "fail": "cross",
    "error": "diamond",
    "no_data": "stroke",
    "skipped": "stroke",
}


@dataclass(frozen=True, slots=True)
class RunRate:
    """The share of tests of one run that passed, 0 to 1."""

    at: datetime
    rate: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run measured for a test, with the limits it was held against."""

    at: datetime
    value: float | None
    verdict: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """How many rows a version of a table had. `label` is such as ``v12``."""

    label: str
    rows: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a distribution."""

    label: str
    count: float


def pass_rate_trend(
    rates: Sequence[RunRate], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """The pass rate of each run, oldest first."""
    alt = altair()
    rows = [{"at": one.at.isoformat(), "rate": one.rate} for one in rates]
    least = min((one.rate for one in rates), default=0.0)
    floor = max(0.0, int(least * 20 - 1) / 20)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=_time(alt, [one.at for one in rates]),
        y=alt.Y(
            "rate:Q",
            title=None,
            scale=alt.Scale(domain=[floor, 1]),
            axis=alt.Axis(format=".0%", tickCount=4),
        ),
    )
    line = base.mark_line(color=palette.accent, strokeWidth=2, interpolate="monotone")
    dots = base.mark_point(color=palette.accent, filled=True, size=28, opacity=1)
    return dressed(alt.layer(line, dots), palette, width, HEIGHT)


def measure_history(
    history: Sequence[Measured],
    *,
    unit: str = "",
    palette: Palette = NOTEBOOK,
    width: int = WIDTH,
) -> alt.LayerChart:
    """What each run of a test measured, oldest first, over the band it had to stay in.

    Verdicts have a colour and a shape; runs that measured no number are left out.
    """
    alt = altair()
    rows = [_measured(one) for one in history if one.value is not None]
    data = alt.Data(values=rows)
    x = _time(alt, [one.at for one in history])
    y = alt.Y("value:Q", title=unit or None, scale=alt.Scale(zero=False, nice=True))
    layers: list[Any] = []
    if any(one.lower is not None and one.upper is not None for one in history):
        layers.append(
            alt.Chart(data)
            .mark_area(color=palette.band, opacity=1, interpolate="step-after")
            .encode(x=x, y=alt.Y("lower:Q", title=unit or None), y2="upper:Q")
        )
    layers.extend(
        _limit(alt, data, x, bound, palette)
        for bound in ("lower", "upper")
        if any(getattr(one, bound) is not None for one in history)
    )
    line = alt.Chart(data).mark_line(color=palette.ink, strokeWidth=1.5).encode(x=x, y=y)
    layers.extend([line, _points(alt, data, x, y, palette)])
    return dressed(alt.layer(*layers), palette, width, HEIGHT + 40)


def distribution(
    bins: Sequence[Bin], *, palette: Palette = NOTEBOOK, width: int = WIDTH, lying: bool = True
) -> alt.LayerChart:
    """How often values occur; `lying` draws a bar a row, for texts, else columns."""
    alt = altair()
    rows = [{"label": one.label, "count": one.count} for one in bins]
    label = {"sort": None, "title": None}
    count = {"title": None}
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=palette.accent, cornerRadiusEnd=2)
    axis = count_axis(alt)
    if lying:
        encoded = bars.encode(
            x=alt.X("count:Q", axis=axis, **count),
            y=alt.Y("label:N", axis=alt.Axis(grid=False, labelLimit=160), **label),
        )
        return dressed(alt.layer(encoded), palette, width, max(64, ROW_HEIGHT * len(rows)))
    encoded = bars.encode(
        x=alt.X("label:N", axis=alt.Axis(grid=False, labelAngle=0), **label),
        y=alt.Y("count:Q", axis=axis, **count),
    )
    return dressed(alt.layer(encoded), palette, width, HEIGHT)


def row_counts(
    seen: Sequence[RowsSeen], *, palette: Palette = NOTEBOOK, width: int = WIDTH
) -> alt.LayerChart:
    """The rows of a table by version, oldest first."""
    alt = altair()
    rows = [{"label": one.label, "rows": one.rows} for one in seen]
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=palette.accent, cornerRadiusEnd=2, size=24)
        .encode(
            x=alt.X("label:N", sort=None, title=None, axis=alt.Axis(grid=False, labelAngle=0)),
            y=alt.Y("rows:Q", title=None, axis=count_axis(alt)),
        )
    )
    return dressed(alt.layer(bars), palette, width, HEIGHT)


def _limit(alt: Any, data: Any, x: Any, bound: str, palette: Palette) -> Any:
    line = alt.Chart(data).mark_line(
        color=palette.faint, strokeDash=[4, 3], strokeWidth=1, interpolate="step-after"
    )
    return line.encode(x=x, y=alt.Y(f"{bound}:Q"))


def _measured(one: Measured) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "value": one.value,
        "verdict": one.verdict,
        "lower": one.lower,
        "upper": one.upper,
    }


def _points(alt: Any, data: Any, x: Any, y: Any, palette: Palette) -> Any:
    names = list(_SHAPES)
    colours = [palette.verdicts[name] for name in names]
    return (
        alt.Chart(data)
        .mark_point(filled=True, size=56, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("verdict:N", scale=alt.Scale(domain=names, range=colours), legend=None),
            shape=alt.Shape(
                "verdict:N",
                scale=alt.Scale(domain=names, range=list(_SHAPES.values())),
                legend=None,
            ),
        )
    )


def _time(alt: Any, times: Sequence[datetime]) -> Any:
    """The axis of time, in UTC: hours within two days, else days, else months."""
    span = (max(times) - min(times)).total_seconds() if times else 0.0
    shape = "%H:%M" if span < 2 * _DAY_S else "%-d %b" if span < 180 * _DAY_S else "%b %Y"
    axis = alt.Axis(grid=False, tickCount=6, labelFlush=True, format=shape)
    return alt.X("at:T", title=None, axis=axis, scale=alt.Scale(type="utc"))
