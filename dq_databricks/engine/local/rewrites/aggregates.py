"""Aggregates: Spark's empty answers, interpolation, NULLs and overflow."""

from __future__ import annotations

from sqlglot import exp

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.kinds import Kind, call, guarded, keep_kind, kind
from dq_databricks.sql.portable_conditions import ROUGH_ACCURACY

_SCALAR = tuple(Kind)
_NOT_DECIMAL = (Kind.WHOLE, Kind.DOUBLE, Kind.TRUTH)


def _double(node: exp.Expr) -> exp.Expr:
    number = guarded("dq_number", node, Kind.WHOLE, Kind.DOUBLE, Kind.DECIMAL)
    return number if kind(number) == Kind.DOUBLE else exp.cast(number, exp.DType.DOUBLE)


def _count(node: exp.Expr) -> exp.Expr | None:
    """``count(CASE WHEN c THEN 1 END)`` as a count of c, which DuckDB takes a third as long for."""
    case = node.this
    if not isinstance(case, exp.Case) or case.this or case.args.get("default"):
        return None
    (branch, *others) = case.args["ifs"]
    is_counted = isinstance(branch.args["true"], exp.Literal) and not others
    return _conditions(branch.this) if is_counted and _stands_alone(node) else None


def _conditions(condition: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_count_if", condition), Kind.WHOLE)


def _stands_alone(node: exp.Expr) -> bool:
    """No FILTER and no OVER, which macros do not take."""
    return not isinstance(node.parent, (exp.Filter, exp.Window))


def _count_if(node: exp.Expr) -> exp.Expr:
    if _stands_alone(node):
        return _conditions(node.this)
    case = exp.Case(ifs=[exp.If(this=node.this, true=exp.Literal.number(1))])
    return keep_kind(exp.Count(this=case, big_int=True), Kind.WHOLE)


def _avg(node: exp.Expr) -> None:
    inner = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if kind(inner) not in _NOT_DECIMAL:
        inner.replace(call("dq_no_decimal", inner.copy()))


def _ordered(node: exp.Expr) -> None:
    node.set("this", guarded("dq_ordered", node.this, *_SCALAR))


def _ordered_by(node: exp.Expr) -> None:
    node.set("expression", guarded("dq_ordered", node.expression, *_SCALAR))


def _quantile(node: exp.Expr) -> exp.Expr:
    return call("quantile_cont", _double(node.this), node.args["quantile"])


def _median(node: exp.Expr) -> exp.Expr:
    return call("quantile_cont", _double(node.this), exp.Literal.number("0.5"))


def _approximate(node: exp.Expr) -> exp.Expr:
    """An element; or, where ranks may be off by 1 % or more, a t-digest, which is faster."""
    accuracy = node.args.get("accuracy")
    if isinstance(accuracy, exp.Literal) and int(accuracy.name) == ROUGH_ACCURACY:
        return call("approx_quantile", _double(node.this), node.args["quantile"])
    return call("quantile_disc", guarded("dq_not_text", node.this), node.args["quantile"])


def _distinct(node: exp.Expr) -> exp.Expr:
    """A sketch where there is one group; exact where each of many groups would need its own."""
    query = node.find_ancestor(exp.Select)
    if query is not None and not query.args.get("group") and isinstance(node.parent, exp.Alias):
        return keep_kind(call("dq_approx_distinct", node.this), Kind.WHOLE)
    counted = exp.Count(this=exp.Distinct(expressions=[node.this]), big_int=True)
    return keep_kind(counted, Kind.WHOLE)


def _sketch(node: exp.Expr) -> exp.Expr:
    """``hll_sketch_estimate(hll_sketch_agg(x, n))``: the sketch of this engine instead."""
    value = node.expressions[0].expressions[0]
    while isinstance(value, exp.Cast) or _is_ours(value):
        # A cast only makes the value fit a sketch of other engines.
        value = value.this if isinstance(value, exp.Cast) else value.expressions[0]
    counted = exp.ApproxDistinct(this=value)
    node.replace(counted)
    return _distinct(counted)


def _is_ours(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.startswith("dq_")


def _within(node: exp.Expr) -> exp.Expr | None:
    ordered = node.expression.expressions[0]
    if isinstance(node.this, exp.PercentileCont):
        quantile = call("quantile_cont", _double(ordered.this), node.this.this)
    else:
        quantile = call("quantile_disc", ordered.this, node.this.this)
    if ordered.args.get("desc"):
        share = quantile.expressions[1]
        share.replace(exp.Sub(this=exp.Literal.number(1), expression=share.copy()))
    return exp.cast(quantile, exp.DType.DOUBLE)


def _skewness(node: exp.Expr) -> exp.Expr:
    value = _double(node.this)
    return call(
        "dq_skewness",
        exp.Skewness(this=value),
        exp.VariancePop(this=value.copy()),
        exp.Count(this=value.copy()),
    )


def _kurtosis(node: exp.Expr) -> exp.Expr:
    value = _double(node.this)
    spread = exp.VariancePop(this=value.copy())
    return call("dq_kurtosis", call("kurtosis_pop", value), spread, exp.Count(this=value.copy()))


def _filter(node: exp.Expr) -> exp.Expr | None:
    """Moments are several aggregates: the filter moves into their argument."""
    if not isinstance(node.this, exp.Anonymous) or not node.this.name.startswith("dq_"):
        return None
    for cast in list(node.this.find_all(exp.Cast)):
        if isinstance(cast.parent, (exp.Skewness, exp.VariancePop, exp.Count, exp.Anonymous)):
            case = exp.If(this=node.expression.this.copy(), true=cast.this.copy())
            cast.set("this", exp.Case(ifs=[case]))
    return node.this


def _sort_key(node: exp.Expr) -> None:
    """Of arrays, structs and maps with NULLs inside the order differs."""
    query = node.parent.parent if node.parent else None
    if isinstance(node.this, exp.Literal) or isinstance(query, exp.SetOperation):
        return
    if isinstance(query, exp.Select) and (named := _projection(query, node.this)) is not None:
        # DuckDB prefers the alias only where it stands alone: the guard goes to what it names.
        named.set("this", guarded("dq_ordered", named.this, *_SCALAR))
        return
    node.set("this", guarded("dq_ordered", node.this, *_SCALAR))


def _projection(query: exp.Select, key: exp.Expr) -> exp.Expr | None:
    if not isinstance(key, exp.Column) or key.table:
        return None
    name = key.name.lower()
    aliases = (item for item in query.expressions if isinstance(item, exp.Alias))
    return next((alias for alias in aliases if alias.alias.lower() == name), None)


AGGREGATE_FUNCTIONS: dict[str, Rule] = {"hll_sketch_estimate": _sketch}

AGGREGATES: dict[type[exp.Expr], Rule] = {
    exp.Count: _count,
    exp.CountIf: _count_if,
    exp.Avg: _avg,
    exp.Min: _ordered,
    exp.Max: _ordered,
    exp.ArgMin: _ordered_by,
    exp.ArgMax: _ordered_by,
    exp.Quantile: _quantile,
    exp.Median: _median,
    exp.ApproxQuantile: _approximate,
    exp.ApproxDistinct: _distinct,
    exp.WithinGroup: _within,
    exp.Skewness: _skewness,
    exp.Kurtosis: _kurtosis,
    exp.Filter: _filter,
    exp.Ordered: _sort_key,
}


def finish(node: exp.Expr) -> exp.Expr | None:
    """What goes around an aggregate with its FILTER and OVER: [] of nothing, the overflow check."""
    if isinstance(node.parent, (exp.Filter, exp.Window)) and node.arg_key == "this":
        return None
    inner = node
    while isinstance(inner, (exp.Filter, exp.Window)):
        inner = inner.this
    if isinstance(inner, (exp.ArrayAgg, exp.ArrayUniqueAgg)):
        return exp.Coalesce(this=node.copy(), expressions=[exp.Array()])
    if isinstance(inner, exp.Sum) and kind(inner) not in {Kind.DOUBLE, Kind.DECIMAL}:
        return keep_kind(call("dq_sum", node.copy()), kind(inner))
    return None
