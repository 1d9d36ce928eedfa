"""Conditions on nodes of the portable subset: each gives the way out, or None when it is met."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from dq_databricks.errors import RegexError
from dq_databricks.sql.regex import JAVA, RegexFacts, regex_facts

Condition = Callable[[exp.Expr], str | None]
_DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}\s*\Z")
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?"
_TIMESTAMP = re.compile(rf"\s*\d{{4}}-\d{{2}}-\d{{2}}([ T]{_CLOCK})?\s*\Z")
_STRFTIME_REST = re.compile(r"%[YmdHMSf](strict)?|[^A-Za-z]")
_PARTS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOY", "DOW", "DAYOFWEEK", "DOW_ISO"} | {
    "DAYOFWEEK_ISO",
    "YEAROFWEEK",
    "HOUR",
    "MINUTE",
    "SECOND",
}
_TYPES = frozenset(
    [
        exp.DType.TINYINT,
        exp.DType.SMALLINT,
        exp.DType.INT,
        exp.DType.BIGINT,
        exp.DType.FLOAT,
        exp.DType.DOUBLE,
        exp.DType.DECIMAL,
        exp.DType.BOOLEAN,
        exp.DType.TEXT,
        exp.DType.DATE,
        exp.DType.TIMESTAMP,
        exp.DType.TIMESTAMPTZ,
        exp.DType.TIMESTAMPNTZ,
        exp.DType.BINARY,
    ]
)


def literal(node: exp.Expr | None) -> str | None:
    """The text of a string literal (raw ones too), else None."""
    if isinstance(node, exp.RawString) or (isinstance(node, exp.Literal) and node.is_string):
        return str(node.this)
    return None


def whole_number(node: exp.Expr | None) -> int | None:
    """The value of a whole number literal with its sign, else None."""
    if isinstance(node, exp.Neg):
        inner = whole_number(node.this)
        return None if inner is None else -inner
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
        return int(node.this)
    return None


def literal_pattern(node: exp.Expr | None) -> RegexFacts | str | None:
    """A literal pattern with Java's meaning; a hint when it has none here; None for a parameter."""
    if isinstance(node, exp.Placeholder):
        return None
    text = literal(node)
    if text is None:
        return "the pattern must be a literal or a parameter"
    try:
        return regex_facts(text, JAVA)
    except RegexError as error:
        return str(error)


def _pattern(node: exp.Expr) -> str | None:
    facts = literal_pattern(node.args.get("expression"))
    return facts if isinstance(facts, str) else None


def _no_empty_match(node: exp.Expr) -> str | None:
    facts = literal_pattern(node.args.get("expression"))
    if isinstance(facts, RegexFacts) and facts.matches_empty:
        return "the pattern matches the empty string; use + instead of *, or drop the ?"
    return facts if isinstance(facts, str) else None


def _replace(node: exp.Expr) -> str | None:
    replacement = literal(node.args.get("replacement"))
    facts = literal_pattern(node.args.get("expression"))
    if node.args.get("position") or node.args.get("occurrence"):
        return "give three arguments"
    if replacement is None and not isinstance(node.args.get("replacement"), exp.Placeholder):
        return "the replacement must be a literal or a parameter"
    if replacement and (re.sub(r"\$\d(?!\d)", "", replacement).count("$") or "\\" in replacement):
        return "a replacement holds text and $1 … $9 only"
    groups = [int(group) for group in re.findall(r"\$(\d)", replacement or "")]
    if isinstance(facts, RegexFacts) and groups and max(groups) > facts.groups:
        return f"the pattern has {facts.groups} groups"
    return _no_empty_match(node)


def _extract(node: exp.Expr) -> str | None:
    facts, group = literal_pattern(node.args.get("expression")), node.args.get("group")
    number = 1 if group is None else whole_number(group)
    if isinstance(facts, RegexFacts) and number is not None and number > facts.groups:
        return f"the pattern has {facts.groups} groups; give a group that exists"
    if group is not None and number is None and not isinstance(group, exp.Placeholder):
        return "the group must be a number"
    return facts if isinstance(facts, str) else None


def _split(node: exp.Expr) -> str | None:
    if node.args.get("limit"):
        return "give two arguments"
    if literal(node.args.get("expression")) == "":
        return None
    return _no_empty_match(node)


def _cast(node: exp.Expr) -> str | None:
    to, value = node.args["to"], literal(node.this)
    if isinstance(node.this, exp.Null):
        return None
    if to.this not in _TYPES:
        return f"no portable cast to {to.sql('databricks')}; use a scalar type"
    if to.this == exp.DType.DATE and value is not None and not _DATE.match(value):
        return "write a date in full: 'yyyy-MM-dd'"
    if to.this in {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ} and value is not None:
        return None if _TIMESTAMP.match(value) else "write it in full: 'yyyy-MM-dd HH:mm:ss'"
    return None


def _time_format(node: exp.Expr) -> str | None:
    value = literal(node.args.get("format"))
    if value is None or _STRFTIME_REST.sub("", value):
        return "the format must be a literal of yyyy MM dd HH mm ss SSSSSS and separators"
    return None


def _to_date(node: exp.Expr) -> str | None:
    if node.args.get("format") is not None:
        return _time_format(node)
    value = literal(node.this)
    if value is not None and not _TIMESTAMP.match(value):
        return "write a date in full: 'yyyy-MM-dd'"
    return None


_SPARK_FORMAT = re.compile(r"(?:yyyy|MM|dd|HH|mm|ss|SSSSSS|[^A-Za-z'\[\]])+\Z")


def _try_to(node: exp.Expr) -> str | None:
    if len(node.expressions) == 1:
        return "use try_cast(x AS TIMESTAMP), or give a format"
    value = literal(node.expressions[1])
    if value is None or not _SPARK_FORMAT.match(value):
        return "the format must be a literal of yyyy MM dd HH mm ss SSSSSS and separators"
    return None


def _json_path(node: exp.Expr) -> str | None:
    if isinstance(node.args.get("expression"), exp.JSONPath):
        return None
    return "the path must be a literal such as '$.a.b[0]'"


def _from_json(node: exp.Expr) -> str | None:
    if literal(node.args.get("expression")) is None or node.args.get("options"):
        return "the schema must be a literal type, without options"
    if isinstance(node.parent, (exp.Dot, exp.Explode, exp.Posexplode)):
        return None
    return "take a field of it, or explode it: from_json(x, 'STRUCT<a: INT>').a"


def _date_unit(node: exp.Expr) -> str | None:
    unit = str(node.args.get("unit") or "DAY").upper()
    if unit in {"DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}:
        return None
    return "of months, quarters and years take the difference of year(d) * 12 + month(d)"


def _trunc_unit(node: exp.Expr) -> str | None:
    unit = node.args.get("unit")
    name = str(unit.this if isinstance(unit, exp.Expr) else unit).upper()
    if literal(node.this) is not None:
        return "cast the text to a date or timestamp first"
    known = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"}
    return None if name in known else "use a unit from year to millisecond with date_trunc"


def _extract_part(node: exp.Expr) -> str | None:
    return None if node.name.upper() in _PARTS else "use year, month, day, hour, minute, second …"


def _start(node: exp.Expr) -> str | None:
    number = whole_number(node.args.get("start"))
    return "count from 1; a start below 1 differs" if number is not None and number < 1 else None


def _side(node: exp.Expr) -> str | None:
    number = whole_number(node.args.get("expression"))
    return "a negative length differs" if number is not None and number < 0 else None


def _sha2(node: exp.Expr) -> str | None:
    return None if node.args.get("length") and node.text("length") == "256" else "use sha2(x, 256)"


def _lambda_of(count: int) -> Condition:
    def condition(node: exp.Expr) -> str | None:
        function = node.args.get("expression")
        if isinstance(function, exp.Lambda) and len(function.expressions) == count:
            return None
        return f"give a function of {count} argument"

    return condition


def _reduce(node: exp.Expr) -> str | None:
    return "give three arguments; apply the last step outside" if node.args.get("finish") else None


def _lateral(node: exp.Expr) -> str | None:
    if node.args.get("outer"):
        return "LEFT JOIN an exploded subquery"
    if not isinstance(node.this, (exp.Explode, exp.Posexplode, exp.Subquery)):
        return "use LATERAL VIEW explode or posexplode"
    if not node.args.get("view") and not isinstance(node.this, exp.Subquery):
        return "write LATERAL VIEW explode(a) v AS e"
    columns = len(node.args["alias"].columns) if node.args.get("alias") else 0
    wanted = 2 if isinstance(node.this, exp.Posexplode) else 1
    if isinstance(node.this, exp.Subquery) or columns == wanted:
        return None
    return f"name {wanted} column(s) after AS; explode map_keys(m) instead of a map"


def _table(node: exp.Expr) -> str | None:
    if isinstance(node.this, exp.Identifier):
        return None
    return "table functions are not portable; explode an array, or use VALUES"


def _interval(node: exp.Expr) -> str | None:
    if isinstance(node.args.get("unit"), exp.Var):
        return None
    return "write one number and one unit: INTERVAL 36 HOURS"


def _exists(node: exp.Expr) -> str | None:
    if isinstance(node.this, exp.Query):
        return None
    return "of arrays write size(filter(a, v -> …)) > 0"


def _count_arguments(node: exp.Expr) -> str | None:
    if len(node.expressions) > 0:
        return "count one expression, or count(DISTINCT a, b)"
    return None


def _array_distinct(node: exp.Expr) -> str | None:
    if isinstance(node.parent, exp.ArraySort) and isinstance(node.this, exp.ArrayCompact):
        return None
    return "write array_sort(array_distinct(array_compact(a)))"


def _series(node: exp.Expr) -> str | None:
    if node.args.get("step") or any(isinstance(n, exp.Cast) for n in (node.args["start"],)):
        return "give whole numbers, without a step"
    return None


def _values(node: exp.Expr) -> str | None:
    if node.args.get("alias") or node.parent is None:
        return None
    return "name its columns: VALUES (1, 'a') AS v(a, b)"


ROUGH_ACCURACY = 100
"""Accuracy of percentile_approx (1 / error in ranks) at which every engine may use a sketch."""


def _quantile(node: exp.Expr) -> str | None:
    if node.args.get("accuracy") is None:
        return None
    accuracy = whole_number(node.args["accuracy"])
    if accuracy and (accuracy == ROUGH_ACCURACY or accuracy >= 10_000):
        return None
    return "leave the accuracy out, or give 10000, or 100 for a faster sketch"


def _sketch(node: exp.Expr) -> str | None:
    """A sketch never leaves its statement: no engine reads that of another."""
    if node.name.lower() == "hll_sketch_agg":
        holder = node.parent
        inside = isinstance(holder, exp.Anonymous) and holder.name == "hll_sketch_estimate"
    else:
        inner = node.expressions[0] if node.expressions else None
        inside = isinstance(inner, exp.Anonymous) and inner.name.lower() == "hll_sketch_agg"
    return None if inside else "write hll_sketch_estimate(hll_sketch_agg(x, 12))"


def _from_time(node: exp.Expr) -> str | None:
    return _time_format(node)


def _unix(node: exp.Expr) -> str | None:
    if literal(node.this) is not None or literal(node.args.get("format")) not in {
        None,
        "%Y-%m-%d %H:%M:%S",
        "%Y-%mstrict-%dstrict %Hstrict:%Mstrict:%Sstrict",
    }:
        return "give a timestamp: unix_timestamp(CAST(s AS TIMESTAMP))"
    return None


def _grouping_id(node: exp.Expr) -> str | None:
    return None if node.expressions else "name the columns: grouping_id(a, b)"


def _round(node: exp.Expr) -> str | None:
    return "truncating is not rounding" if node.args.get("truncate") else None


def _distinct_window(node: exp.Expr) -> str | None:
    return "DISTINCT has no window form" if isinstance(node.this.this, exp.Distinct) else None


def _log(node: exp.Expr) -> str | None:
    if node.args.get("expression") is None or whole_number(node.this) in {2, 10}:
        return None
    return "use ln(x) / ln(base)"


def _bracket(node: exp.Expr) -> str | None:
    if literal(node.expressions[0]) is not None and not node.args.get("offset"):
        return None
    return None if node.args.get("safe") else "use try_element_at(a, n), which counts from 1"


def _array(node: exp.Expr) -> str | None:
    if node.expressions or isinstance(node.parent, exp.Coalesce):
        return None
    return "an empty array has no type; use it in coalesce(a, array())"


def _array_contains(node: exp.Expr) -> str | None:
    return "NULL is in no array" if isinstance(node.expression, exp.Null) else None


def _group(node: exp.Expr) -> str | None:
    empty = [e for e in node.expressions if isinstance(e, exp.Tuple) and not e.expressions]
    return "leave GROUP BY () out" if empty else None


def _timestamp_add(node: exp.Expr) -> str | None:
    value = node.this
    if isinstance(value, exp.Cast) and value.args["to"].this == exp.DType.DATE:
        return "of a date use date_add(d, n) or add_months(d, n)"
    return None


def _union(node: exp.Expr) -> str | None:
    return "name the columns on both sides" if node.args.get("by_name") else None


CONDITIONS: dict[str, Condition] = {
    "hll_sketch_agg": _sketch,
    "hll_sketch_estimate": _sketch,
    "RegexpLike": _pattern,
    "RegexpCount": _no_empty_match,
    "RegexpReplace": _replace,
    "RegexpExtract": _extract,
    "RegexpSplit": _split,
    "Cast": _cast,
    "TryCast": _cast,
    "TimeToStr": _time_format,
    "TsOrDsToDate": _to_date,
    "StrToTime": _time_format,
    "StrToUnix": _unix,
    "try_to_date": _try_to,
    "try_to_timestamp": _try_to,
    "JSONExtractScalar": _json_path,
    "FromJson": _from_json,
    "DateDiff": _date_unit,
    "TimestampDiff": _date_unit,
    "TimestampTrunc": _trunc_unit,
    "DateTrunc": _trunc_unit,
    "Extract": _extract_part,
    "Substring": _start,
    "Left": _side,
    "Right": _side,
    "SHA2": _sha2,
    "Transform": _lambda_of(1),
    "ArrayFilter": _lambda_of(1),
    "Reduce": _reduce,
    "Lateral": _lateral,
    "Table": _table,
    "Interval": _interval,
    "Exists": _exists,
    "Count": _count_arguments,
    "ArrayDistinct": _array_distinct,
    "GenerateSeries": _series,
    "Values": _values,
    "ApproxQuantile": _quantile,
    "GroupingId": _grouping_id,
    "Round": _round,
    "Log": _log,
    "Union": _union,
    "Bracket": _bracket,
    "Array": _array,
    "ArrayContains": _array_contains,
    "Group": _group,
    "TimestampAdd": _timestamp_add,
    "Window": _distinct_window,
}
"""Conditions by class name (or by function name, lower case)."""
