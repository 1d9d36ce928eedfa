"""Dates and times: full units, Spark's week days, dates that stay dates."""

from __future__ import annotations

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.kinds import (
    Kind,
    call,
    guarded,
    is_text_literal,
    keep_kind,
    kind,
)
from dq_databricks.sql.portable_conditions import literal

_FORMATS = {
    "yyyy": "%Y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "SSSSSS": "%f",
    "ss": "%S",
}
_MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _date(node: exp.Expr) -> exp.Expr:
    """`node` as a date; text only where it is a literal (checked by the allow-list)."""
    if kind(node) == Kind.DATE:
        return node
    if isinstance(node, exp.Placeholder) or is_text_literal(node) or kind(node) == Kind.TIME:
        return exp.cast(node, exp.DType.DATE)
    return exp.cast(call("dq_not_text", node), exp.DType.DATE)


def _time(node: exp.Expr) -> exp.Expr:
    if kind(node) == Kind.TIME:
        return node
    known = isinstance(node, exp.Placeholder) or is_text_literal(node) or kind(node) == Kind.DATE
    return exp.cast(node if known else call("dq_not_text", node), exp.DType.TIMESTAMPTZ)


def _to_date(node: exp.Expr) -> exp.Expr:
    if (pattern := literal(node.args.get("format"))) is not None:
        parsed = call("dq_must_parse", node.this, exp.Literal.string(_duck_format(pattern)))
        return keep_kind(exp.cast(parsed, exp.DType.DATE), Kind.DATE)
    return keep_kind(_date(node.this), Kind.DATE)


def _duck_format(strftime: str) -> str:
    return strftime.replace("strict", "")


def _to_time(node: exp.Expr) -> exp.Expr:
    pattern = exp.Literal.string(_duck_format(literal(node.args["format"]) or ""))
    parsed = call("dq_must_parse", node.this, pattern)
    return keep_kind(exp.cast(parsed, exp.DType.TIMESTAMPTZ), Kind.TIME)


def _time_of(node: exp.Expr) -> exp.Expr:
    return keep_kind(_time(node.this), Kind.TIME)


def _formatted(node: exp.Expr) -> exp.Expr:
    pattern = exp.Literal.string(_duck_format(literal(node.args["format"]) or ""))
    return keep_kind(call("strftime", node.this, pattern), Kind.TEXT)


def _tried(to: exp.DType, found: Kind) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        value, pattern = node.expressions
        text = str(literal(pattern))
        for spark, duck in _FORMATS.items():
            text = text.replace(spark, duck)
        parsed = call("dq_parsed", value, exp.Literal.string(text))
        return keep_kind(exp.cast(parsed, to), found)

    return rule


def _part(name: str, *, of_date: bool) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        inner = node.this
        value = _date(inner) if of_date else _time(inner)
        return keep_kind(exp.cast(call(name, value), exp.DType.INT), Kind.WHOLE)

    return rule


def _shifted_part(name: str, shift: int) -> Rule:
    part = _part(name, of_date=True)

    def rule(node: exp.Expr) -> exp.Expr | None:
        found = part(node)
        if found is None:
            return None
        return keep_kind(exp.Paren(this=exp.Add(this=found, expression=_number(shift))), Kind.WHOLE)

    return rule


def _extract(node: exp.Expr) -> exp.Expr | None:
    part, value = node.name.upper(), node.expression
    if part == "SECOND":
        micros = call("epoch_us", call("date_trunc", exp.Literal.string("minute"), _time(value)))
        whole = exp.Sub(this=call("epoch_us", _time(value.copy())), expression=micros)
        exact = exp.cast(exp.Paren(this=whole), exp.DataType.build("DECIMAL(18,0)"))
        scaled = exp.Mul(this=exact, expression=exp.Literal.number("0.000001"))
        return exp.cast(scaled, exp.DataType.build("DECIMAL(8,6)"))
    rule = _EXTRACTED.get(part)
    holder = exp.Paren(this=value)
    return rule(holder) if rule else None


_EXTRACTED: dict[str, Rule] = {
    "YEAR": _part("year", of_date=True),
    "QUARTER": _part("quarter", of_date=True),
    "MONTH": _part("month", of_date=True),
    "WEEK": _part("week", of_date=True),
    "DAY": _part("day", of_date=True),
    "DOY": _part("dayofyear", of_date=True),
    "DOW": _shifted_part("dayofweek", 1),
    "DAYOFWEEK": _shifted_part("dayofweek", 1),
    "DAYOFWEEK_ISO": _part("isodow", of_date=True),
    "DOW_ISO": _part("isodow", of_date=True),
    "YEAROFWEEK": _part("isoyear", of_date=True),
    "HOUR": _part("hour", of_date=False),
    "MINUTE": _part("minute", of_date=False),
}


def _weekday(node: exp.Expr) -> exp.Expr:
    shifted = _shifted_part("isodow", -1)(exp.Paren(this=node.expressions[0]))
    return shifted if shifted is not None else node


def _truncated(node: exp.Expr) -> exp.Expr:
    unit = exp.Literal.string(str(node.args["unit"].name).lower())
    return keep_kind(call("date_trunc", unit, _time(node.this)), Kind.TIME)


def _difference(node: exp.Expr) -> exp.Expr:
    unit = str(node.args.get("unit") or "DAY").upper()
    if unit == "DAY" and isinstance(node, exp.DateDiff):
        days = exp.Sub(this=_date(node.this), expression=_date(node.expression))
        return keep_kind(exp.cast(exp.Paren(this=days), exp.DType.INT), Kind.WHOLE)
    micros = exp.Sub(
        this=call("epoch_us", _time(node.this)), expression=call("epoch_us", _time(node.expression))
    )
    whole = exp.IntDiv(this=exp.Paren(this=micros), expression=_number(_MICROSECONDS[unit]))
    return keep_kind(exp.Paren(this=whole), Kind.WHOLE)


def _interval(count: exp.Expr, unit: str) -> exp.Expr:
    if isinstance(count, exp.Placeholder):
        count = exp.cast(count, exp.DType.INT)
    return call(f"to_{unit.lower()}s", count)


def _add_days(node: exp.Expr) -> exp.Expr:
    unit = str(node.args.get("unit") or "DAY")
    total = exp.Add(this=_date(node.this), expression=_interval(node.expression, unit))
    return keep_kind(exp.cast(total, exp.DType.DATE), Kind.DATE)


def _add_units(node: exp.Expr) -> exp.Expr:
    unit, value = str(node.args.get("unit") or "DAY").upper(), node.this
    shift = _interval(node.expression, unit)
    if unit in {"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}:
        return keep_kind(exp.Paren(this=exp.Add(this=_time(value), expression=shift)), Kind.TIME)
    guard = (
        value if isinstance(value, exp.Placeholder) else guarded("dq_not_date", value, Kind.TIME)
    )
    return exp.Paren(this=exp.Add(this=guard, expression=shift))


def _add_months(node: exp.Expr) -> exp.Expr:
    total = exp.Add(this=_date(node.this), expression=_interval(node.expression, "MONTH"))
    return keep_kind(exp.cast(total, exp.DType.DATE), Kind.DATE)


def _last_day(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("last_day", _date(node.this)), Kind.DATE)


def _plus(node: exp.Expr) -> exp.Expr | None:
    """A date shifted by an interval stays a date."""
    value, interval = node.this, node.expression
    if not isinstance(interval, exp.Interval):
        if isinstance(node, exp.Sub):
            _minus_times(node)
        return None
    unit = str(interval.args.get("unit")).upper().removesuffix("S")
    if isinstance(node.parent, exp.Cast) and node.parent.args["to"].this == exp.DType.DATE:
        return None
    if kind(value) == Kind.DATE:
        if unit in {"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}:
            return None
        return keep_kind(exp.cast(node.copy(), exp.DType.DATE), Kind.DATE)
    if not isinstance(value, exp.Placeholder):
        node.set("this", guarded("dq_not_date", value, Kind.TIME))
    return keep_kind(node.copy(), Kind.TIME)


_NO_TIMES = (Kind.WHOLE, Kind.DECIMAL, Kind.DOUBLE)


def _minus_times(node: exp.Expr) -> None:
    """Of two times Spark makes an interval, DuckDB a number."""
    if kind(node.this) in _NO_TIMES or isinstance(node.expression, (exp.Placeholder, exp.Null)):
        return
    node.set("expression", guarded("dq_not_time", node.expression, *_NO_TIMES))


def _epoch(name: str) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        return keep_kind(call(name, _time(node.this)), Kind.WHOLE)

    return rule


def _unix_date(node: exp.Expr) -> exp.Expr:
    zero = exp.cast(exp.Literal.string("1970-01-01"), exp.DType.DATE)
    days = exp.Sub(this=_date(node.this), expression=zero)
    return keep_kind(exp.cast(exp.Paren(this=days), exp.DType.INT), Kind.WHOLE)


def _from_days(node: exp.Expr) -> exp.Expr:
    zero = exp.cast(exp.Literal.string("1970-01-01"), exp.DType.DATE)
    days = exp.Add(this=zero, expression=exp.cast(node.this, exp.DType.INT))
    return keep_kind(exp.Paren(this=days), Kind.DATE)


def from_epoch(factor: int) -> Rule:
    """timestamp_seconds, timestamp_millis and timestamp_micros of whole numbers."""

    def rule(node: exp.Expr) -> exp.Expr:
        count = call("dq_whole", node.expressions[0])
        micros = exp.Mul(this=exp.cast(count, exp.DType.BIGINT), expression=_number(factor))
        made = exp.cast(call("make_timestamp", micros), exp.DType.TIMESTAMPTZ)
        return keep_kind(made, Kind.TIME)

    return rule


def _zoned(node: exp.Expr) -> exp.Expr:
    """from_utc_timestamp: the wall clock of the zone, read as UTC."""
    local = call("timezone", node.args["zone"], _time(_uncast(node.this)))
    return keep_kind(exp.cast(local, exp.DType.TIMESTAMPTZ), Kind.TIME)


def _unzoned(node: exp.Expr) -> exp.Expr:
    wall = exp.cast(_time(_uncast(node.this)), exp.DType.TIMESTAMP)
    return keep_kind(call("timezone", node.args["zone"], wall), Kind.TIME)


def _uncast(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Cast) else node


DATES: dict[type[exp.Expr], Rule] = {
    exp.TsOrDsToDate: _to_date,
    exp.TimeStrToTime: _time_of,
    exp.StrToTime: _to_time,
    exp.TimeToStr: _formatted,
    exp.Year: _part("year", of_date=True),
    exp.Quarter: _part("quarter", of_date=True),
    exp.Month: _part("month", of_date=True),
    exp.Day: _part("day", of_date=True),
    exp.DayOfMonth: _part("day", of_date=True),
    exp.DayOfYear: _part("dayofyear", of_date=True),
    exp.WeekOfYear: _part("week", of_date=True),
    exp.DayOfWeek: _shifted_part("dayofweek", 1),
    exp.Hour: _part("hour", of_date=False),
    exp.Minute: _part("minute", of_date=False),
    exp.Second: _part("second", of_date=False),
    exp.Extract: _extract,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: lambda node: exp.cast(_truncated(node), exp.DType.DATE),
    exp.DateDiff: _difference,
    exp.TimestampDiff: _difference,
    exp.TsOrDsAdd: _add_days,
    exp.TimestampAdd: _add_units,
    exp.AddMonths: _add_months,
    exp.LastDay: _last_day,
    exp.Add: _plus,
    exp.Sub: _plus,
    exp.UnixMicros: _epoch("epoch_us"),
    exp.UnixMillis: _epoch("dq_unix_millis"),
    exp.UnixSeconds: _epoch("dq_unix_seconds"),
    exp.StrToUnix: _epoch("dq_unix_seconds"),
    exp.UnixDate: _unix_date,
    exp.DateFromUnixDate: _from_days,
    exp.AtTimeZone: _zoned,
    exp.FromTimeZone: _unzoned,
}
DATE_FUNCTIONS: dict[str, Rule] = {
    "weekday": _weekday,
    "try_to_date": _tried(exp.DType.DATE, Kind.DATE),
    "try_to_timestamp": _tried(exp.DType.TIMESTAMPTZ, Kind.TIME),
    "timestamp_seconds": from_epoch(1_000_000),
    "timestamp_millis": from_epoch(1_000),
    "timestamp_micros": from_epoch(1),
}
