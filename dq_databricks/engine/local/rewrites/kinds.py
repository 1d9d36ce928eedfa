"""What a parse tree tells of the type of an expression, and the guards for what it does not."""

from __future__ import annotations

from enum import StrEnum

from sqlglot import exp


class Kind(StrEnum):
    """Families of types that matter to the rules."""

    WHOLE = "whole"
    DECIMAL = "decimal"
    DOUBLE = "double"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"
    TIME = "time"


_TYPES = {
    exp.DType.TINYINT: Kind.WHOLE,
    exp.DType.SMALLINT: Kind.WHOLE,
    exp.DType.INT: Kind.WHOLE,
    exp.DType.BIGINT: Kind.WHOLE,
    exp.DType.DOUBLE: Kind.DOUBLE,
    exp.DType.FLOAT: Kind.DOUBLE,
    exp.DType.DECIMAL: Kind.DECIMAL,
    exp.DType.TEXT: Kind.TEXT,
    exp.DType.VARCHAR: Kind.TEXT,
    exp.DType.BOOLEAN: Kind.TRUTH,
    exp.DType.DATE: Kind.DATE,
    exp.DType.TIMESTAMPTZ: Kind.TIME,
    exp.DType.TIMESTAMP: Kind.TIME,
}
_WHOLE = (
    exp.Count,
    exp.CountIf,
    exp.ApproxDistinct,
    exp.Length,
    exp.StrPosition,
    exp.DateDiff,
    exp.TimestampDiff,
    exp.Year,
    exp.Month,
    exp.Day,
    exp.Quarter,
    exp.Hour,
    exp.Minute,
    exp.UnixMicros,
    exp.UnixDate,
    exp.UnixSeconds,
    exp.ArraySize,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.RegexpCount,
    exp.IntDiv,
)
_DOUBLE = (
    exp.Stddev,
    exp.StddevPop,
    exp.StddevSamp,
    exp.Variance,
    exp.VariancePop,
    exp.CovarPop,
    exp.CovarSamp,
    exp.Avg,
    exp.Quantile,
    exp.Pow,
    exp.Exp,
    exp.Ln,
    exp.Log,
    exp.Sqrt,
    exp.SafeDivide,
    exp.Skewness,
    exp.Kurtosis,
    exp.Div,
)
_TEXT = (
    exp.Substring,
    exp.Trim,
    exp.Lower,
    exp.Upper,
    exp.Concat,
    exp.DPipe,
    exp.RegexpReplace,
    exp.RegexpExtract,
    exp.MD5,
    exp.SHA2,
    exp.Replace,
    exp.TimeToStr,
    exp.Left,
    exp.Right,
    exp.SplitPart,
    exp.ConcatWs,
    exp.JSONExtractScalar,
)
_TRUTH = (
    exp.Predicate,
    exp.Not,
    exp.And,
    exp.Or,
    exp.IsNan,
    exp.StartsWith,
    exp.EndsWith,
    exp.Contains,
    exp.RegexpLike,
)
_SAME = (
    exp.Paren,
    exp.Neg,
    exp.Abs,
    exp.Min,
    exp.Max,
    exp.Sum,
    exp.Filter,
    exp.Window,
    exp.Alias,
    exp.Nullif,
)
_BY_CLASS = [(_WHOLE, Kind.WHOLE), (_DOUBLE, Kind.DOUBLE), (_TEXT, Kind.TEXT), (_TRUTH, Kind.TRUTH)]
_KEPT = "dq_kind"


def kind(node: exp.Expr | None) -> Kind | None:
    """The family of types of `node` where its text tells it; None when only the data knows."""
    if node is None:
        return None
    if (kept := node.meta.get(_KEPT)) is not None:
        return Kind(kept)
    if isinstance(node, exp.Literal):
        return _literal(node)
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return _TYPES.get(node.args["to"].this)
    if isinstance(node, _SAME):
        return kind(node.this)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod)):
        return _arithmetic(kind(node.this), kind(node.expression))
    if isinstance(node, exp.Coalesce):
        return _common([node.this, *node.expressions])
    if isinstance(node, exp.Case):
        return _common([branch.args["true"] for branch in node.args["ifs"]])
    return _by_class(node)


def _by_class(node: exp.Expr) -> Kind | None:
    if isinstance(node, exp.CurrentTimestamp):
        return Kind.TIME
    if isinstance(node, (exp.CurrentDate, exp.LastDay, exp.AddMonths, exp.TsOrDsToDate)):
        return Kind.DATE
    return next((found for classes, found in _BY_CLASS if isinstance(node, classes)), None)


def _literal(node: exp.Literal) -> Kind:
    if node.is_string:
        return Kind.TEXT
    if node.this.isdigit():
        return Kind.WHOLE
    return Kind.DOUBLE if "e" in node.this.lower() else Kind.DECIMAL


def _arithmetic(left: Kind | None, right: Kind | None) -> Kind | None:
    if Kind.DOUBLE in {left, right}:
        return Kind.DOUBLE
    return left if left == right else None


def _common(nodes: list[exp.Expr]) -> Kind | None:
    kinds = {kind(node) for node in nodes if not isinstance(node, exp.Null)}
    return kinds.pop() if len(kinds) == 1 else None


def keep_kind(node: exp.Expr, found: Kind | None) -> exp.Expr:
    """Remember the kind of a node whose new text no longer tells it."""
    if found is not None:
        node.meta[_KEPT] = found.value
    return node


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a function or macro; takes the arguments over."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def guarded(name: str, node: exp.Expr, *met_by: Kind) -> exp.Expr:
    """`node` behind the guard `name`, unless its text tells it is one of `met_by`."""
    found = kind(node)
    if found in met_by or isinstance(node, exp.Null):
        return node
    return keep_kind(call(name, node), found)


def is_text_literal(node: exp.Expr | None) -> bool:
    """Whether `node` is a string literal, raw ones included."""
    return isinstance(node, exp.RawString) or (isinstance(node, exp.Literal) and node.is_string)
