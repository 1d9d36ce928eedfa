"""Arithmetic and comparison: division, remainders, what Spark answers with NULL or NaN."""

from __future__ import annotations

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.kinds import Kind, call, guarded, keep_kind, kind

_INEXACT = (Kind.WHOLE, Kind.DOUBLE)
_NUMBERS = (Kind.WHOLE, Kind.DOUBLE, Kind.DECIMAL)


def _divisor(node: exp.Expr) -> exp.Expr:
    """`node` as a divisor: zero is an error unless it is a literal that is not zero."""
    inner = node.this if isinstance(node, exp.Cast) else node
    if isinstance(inner, exp.Literal) and not inner.is_string and float(inner.this) != 0:
        return node
    return keep_kind(call("dq_zero", node), kind(node))


def _divide(node: exp.Expr) -> None:
    left, right = node.this, node.expression
    if Kind.DOUBLE not in {kind(left), kind(right)}:
        left, right = guarded("dq_no_decimal", left, *_INEXACT), _exact_divisor(right)
    node.set("this", left)
    node.set("expression", _divisor(right))


def _exact_divisor(node: exp.Expr) -> exp.Expr:
    return guarded("dq_no_decimal", node, *_INEXACT)


def _divide_whole(node: exp.Expr) -> exp.Expr:
    left = guarded("dq_whole", node.this, Kind.WHOLE)
    right = guarded("dq_whole", node.expression, Kind.WHOLE)
    quotient = exp.IntDiv(this=_bracketed(left), expression=_bracketed(_divisor(right)))
    return keep_kind(exp.cast(exp.Paren(this=quotient), exp.DType.BIGINT), Kind.WHOLE)


def _bracketed(node: exp.Expr) -> exp.Expr:
    return exp.Paren(this=node) if isinstance(node, (exp.Binary, exp.Neg)) else node


def _remainder(node: exp.Expr) -> None:
    node.set("expression", _divisor(node.expression))


def _try_divide(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_try_divide", node.this, node.expression), Kind.DOUBLE)


def _function(name: str) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        return keep_kind(call(name, guarded("dq_number", node.this, *_NUMBERS)), Kind.DOUBLE)

    return rule


def _log(node: exp.Expr) -> exp.Expr | None:
    value = node.args.get("expression")
    if value is None:
        return _function("dq_ln")(node)
    name = "dq_log2" if node.this.name == "2" else "dq_log10"
    return keep_kind(call(name, guarded("dq_number", value, *_NUMBERS)), Kind.DOUBLE)


def _is_nan(node: exp.Expr) -> exp.Expr:
    tested = exp.Coalesce(this=node.copy(), expressions=[exp.false()])
    return keep_kind(tested, Kind.TRUTH)


def _nanvl(node: exp.Expr) -> exp.Expr:
    return call("dq_nanvl", node.this, node.expression)


def _rounded(node: exp.Expr) -> None:
    node.set("this", guarded("dq_exact", node.this, Kind.WHOLE, Kind.DECIMAL))


def _floor(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node.parent, exp.Cast) and node.parent.args["to"].this in _WHOLE_TYPES:
        return None  # the cast takes it over
    if kind(node.this) == Kind.DOUBLE:
        name = "dq_floor_long" if isinstance(node, exp.Floor) else "dq_ceil_long"
        return keep_kind(call(name, node.this), Kind.WHOLE)
    node.set("this", guarded("dq_not_float", node.this, Kind.WHOLE, Kind.DECIMAL))
    return None


_WHOLE_TYPES = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}


def _try_arithmetic(operator: type[exp.Binary]) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        computed = operator(this=_bracketed(node.this), expression=_bracketed(node.expression))
        return call("dq_no_decimal", call("try", exp.Paren(this=computed)))

    return rule


def _compare(node: exp.Expr) -> None:
    """A number beside something unknown: Spark refuses or casts text, DuckDB guesses."""
    left, right = kind(node.this), kind(node.expression)
    if left in _NUMBERS and right is None:
        node.set("expression", _compared(node.expression))
    elif right in _NUMBERS and left is None:
        node.set("this", _compared(node.this))


def _compared(node: exp.Expr) -> exp.Expr:
    if isinstance(node, (exp.Null, exp.Placeholder, exp.Subquery, exp.Any, exp.All, exp.Tuple)):
        return node
    return call("dq_number", node)


def _within(node: exp.Expr) -> None:
    if kind(node.this) is None and kind(node.args.get("low")) in _NUMBERS:
        node.set("this", _compared(node.this))


def _among(node: exp.Expr) -> None:
    if kind(node.this) is None and node.expressions and kind(node.expressions[0]) in _NUMBERS:
        node.set("this", _compared(node.this))


def _negative(node: exp.Expr) -> exp.Expr:
    return keep_kind(exp.Paren(this=exp.Neg(this=_bracketed(node.this))), kind(node.this))


def _sign(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_sign", exp.cast(node.this, exp.DType.DOUBLE)), Kind.DOUBLE)


NUMBERS: dict[type[exp.Expr], Rule] = {
    exp.Div: _divide,
    exp.IntDiv: _divide_whole,
    exp.Mod: _remainder,
    exp.SafeDivide: _try_divide,
    exp.SafeAdd: _try_arithmetic(exp.Add),
    exp.SafeSubtract: _try_arithmetic(exp.Sub),
    exp.SafeMultiply: _try_arithmetic(exp.Mul),
    exp.Ln: _function("dq_ln"),
    exp.Log: _log,
    exp.Sqrt: _function("dq_sqrt"),
    exp.IsNan: _is_nan,
    exp.Nanvl: _nanvl,
    exp.Round: _rounded,
    exp.Floor: _floor,
    exp.Ceil: _floor,
    exp.Sign: _sign,
    exp.Negative: _negative,
    exp.EQ: _compare,
    exp.NEQ: _compare,
    exp.GT: _compare,
    exp.GTE: _compare,
    exp.LT: _compare,
    exp.LTE: _compare,
    exp.NullSafeEQ: _compare,
    exp.NullSafeNEQ: _compare,
    exp.Between: _within,
    exp.In: _among,
}
