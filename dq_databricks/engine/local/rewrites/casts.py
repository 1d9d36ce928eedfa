"""Casts: what text is a number, a truth or a time, truncation, and text forms."""

from __future__ import annotations

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.kinds import Kind, call, is_text_literal, keep_kind, kind
from dq_databricks.engine.local.rewrites.scope import is_plain

_WHOLE = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_TEXT = {exp.DType.TEXT, exp.DType.VARCHAR}
_TIME = {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
_FLOAT = {exp.DType.DOUBLE, exp.DType.FLOAT}
_EXACT = (Kind.WHOLE, Kind.TRUTH)
_TO_TEXT = (Kind.WHOLE, Kind.TRUTH, Kind.DECIMAL, Kind.DATE, Kind.TEXT)


def _cast(node: exp.Expr) -> exp.Expr | None:
    to = node.args["to"].this
    if isinstance(node.this, (exp.Null, exp.Placeholder)) or _is_written_out(node):
        _utc(node)
        return None
    for types, rule in _BY_TYPE:
        if to in types:
            return rule(node)
    return None


def _is_written_out(node: exp.Expr) -> bool:
    """A literal of the type itself: DATE'…', TIMESTAMP'…', 1.5D."""
    to, value = node.args["to"].this, node.this
    if is_text_literal(value):
        return to in {exp.DType.DATE, exp.DType.TIMESTAMPNTZ, *_TIME, *_TEXT}
    numbers = (Kind.WHOLE, Kind.DECIMAL, Kind.DOUBLE) if to in _FLOAT else (Kind.WHOLE,)
    return isinstance(value, exp.Literal) and kind(value) in numbers and to not in _TIME


def _utc(node: exp.Expr) -> None:
    if node.args["to"].this == exp.DType.TIMESTAMP:
        node.args["to"].set("this", exp.DType.TIMESTAMPTZ)


def _name(node: exp.Expr, what: str) -> str:
    return f"dq_try_{what}" if isinstance(node, exp.TryCast) else f"dq_cast_{what}"


def _to_whole(node: exp.Expr) -> None:
    if isinstance(node.this, exp.Floor) and not node.this.args.get("decimals"):
        node.set("this", call("dq_floor_long", node.this.this))
    elif isinstance(node.this, exp.Ceil) and not node.this.args.get("decimals"):
        node.set("this", call("dq_ceil_long", node.this.this))
    elif kind(node.this) not in _EXACT:
        node.set("this", call(_name(node, "whole"), node.this))


def _to_float(node: exp.Expr) -> exp.Expr | None:
    if kind(node.this) in {Kind.WHOLE, Kind.DOUBLE, Kind.DECIMAL, Kind.TRUTH}:
        return None
    what = "double" if is_plain(node.this) else "any_double"
    value = call(_name(node, what), node.this)
    single = node.args["to"].this == exp.DType.FLOAT
    return exp.cast(value, exp.DType.FLOAT) if single else keep_kind(value, Kind.DOUBLE)


def _to_decimal(node: exp.Expr) -> exp.Expr | None:
    if kind(node.this) in {Kind.WHOLE, Kind.DECIMAL, Kind.TRUTH}:
        return None
    value, text = node.this, "dq_decimal_text" if isinstance(node, exp.TryCast) else ""
    from_text = node.copy()
    from_text.set("this", call(text or "dq_cast_decimal_text", value.copy()))
    types = [exp.Literal.string(name) for name in ("DOUBLE", "FLOAT", "VARCHAR")]
    is_text = exp.In(this=call("typeof", value.copy()), expressions=types)
    case = exp.Case(ifs=[exp.If(this=is_text, true=from_text)], default=node.copy())
    return keep_kind(case, Kind.DECIMAL)


def _to_truth(node: exp.Expr) -> exp.Expr | None:
    if kind(node.this) in {Kind.WHOLE, Kind.TRUTH}:
        return None
    return keep_kind(call(_name(node, "bool"), node.this), Kind.TRUTH)


def _to_text(node: exp.Expr) -> exp.Expr | None:
    if kind(node.this) in _TO_TEXT:
        return None
    return keep_kind(call("dq_text", node.this), Kind.TEXT)


def _to_date(node: exp.Expr) -> exp.Expr | None:
    if kind(node.this) in {Kind.DATE, Kind.TIME} or _is_date_shift(node.this):
        return None
    return keep_kind(call(_name(node, "date"), node.this), Kind.DATE)


def _is_date_shift(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Add, exp.Sub)) and isinstance(node.expression, exp.Interval)


def _to_time(node: exp.Expr) -> exp.Expr | None:
    _utc(node)
    if kind(node.this) in {Kind.DATE, Kind.TIME}:
        return None
    return keep_kind(call(_name(node, "time"), node.this), Kind.TIME)


def _to_binary(node: exp.Expr) -> exp.Expr:
    return call("encode", call("dq_string", node.this))


_BY_TYPE: list[tuple[set[exp.DType], Rule]] = [
    (_WHOLE, _to_whole),
    (_FLOAT, _to_float),
    ({exp.DType.DECIMAL}, _to_decimal),
    ({exp.DType.BOOLEAN}, _to_truth),
    (_TEXT, _to_text),
    ({exp.DType.DATE}, _to_date),
    (_TIME, _to_time),
    ({exp.DType.BINARY}, _to_binary),
]

CASTS: dict[type[exp.Expr], Rule] = {exp.Cast: _cast, exp.TryCast: _cast}
