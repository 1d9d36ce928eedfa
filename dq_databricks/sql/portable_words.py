"""The words of the portable subset: node classes and functions, and the way out of the others."""

from __future__ import annotations

_STRUCTURE = """
Alias And Any All Array Between Boolean Bracket CTE Case Cast Column Cube DataType DataTypeParam
Distinct Dot EQ Escape Except Exists Filter From GT GTE Group GroupingSets Having HexString
Hint JoinHint Identifier If IgnoreNulls In Intersect Interval Is Join LT LTE Lambda Lateral Limit
Literal NEQ Not Null NullSafeEQ NullSafeNEQ Offset Or Order Ordered Paren Pivot PivotAlias
Placeholder PropertyEQ RawString Rollup Select Star Subquery Table TableAlias TryCast Tuple Union
Values Var Version Where Window WindowSpec With WithinGroup JSONPath JSONPathRoot JSONPathKey
JSONPathSubscript Like ILike ColumnPosition PseudoType
"""
_OPERATORS = "Add Sub Mul Div IntDiv Mod Neg Paren DPipe BitwiseAnd BitwiseOr BitwiseXor BitwiseNot"
_AGGREGATES = """
Count CountIf Sum Avg Min Max LogicalAnd LogicalOr Stddev StddevPop StddevSamp Variance VariancePop
CovarPop CovarSamp ArgMax ArgMin PercentileCont PercentileDisc Quantile ApproxQuantile
ApproxDistinct Skewness Kurtosis Median ArrayAgg ArrayUniqueAgg BitwiseAndAgg BitwiseOrAgg
BitwiseXorAgg
"""
_WINDOWS = """
RowNumber Rank DenseRank PercentRank CumeDist Ntile Lag Lead FirstValue LastValue NthValue
Grouping GroupingId
"""
_TEXT = """
Length Trim Substring Left Right StrPosition RegexpSplit SplitPart Concat ConcatWs Translate
Replace Repeat Pad StartsWith EndsWith Contains MD5 SHA SHA2 Hex ToBase64 FromBase64 Ascii Lower
Upper RegexpLike RegexpCount RegexpExtract RegexpReplace Encode Soundex Levenshtein Unhex
"""
_NUMBERS = """
Abs SafeDivide SafeAdd SafeSubtract SafeMultiply Pow Exp Greatest Least Coalesce Nullif Nvl2
DecodeCase Floor Ceil Ln Log Sqrt IsNan Nanvl Round Sign Negative Cbrt Pi EqualNull
"""
_DATES = """
TimestampTrunc DateTrunc DateDiff TimestampDiff AddMonths LastDay Year Month Day DayOfMonth Hour
Minute Second Quarter DayOfYear WeekOfYear DayOfWeek Extract UnixMicros UnixMillis UnixSeconds
UnixDate TimeToStr TsOrDsToDate TimeStrToTime StrToTime TsOrDsAdd TimestampAdd CurrentDate
CurrentTimestamp DateFromUnixDate StrToUnix AtTimeZone FromTimeZone
"""
_NESTED = """
ArraySize ArraySort ArrayToString Transform ArrayFilter Reduce ArrayMin ArrayMax MapKeys Explode
Posexplode GenerateSeries FromJson JSONExtractScalar ArrayCompact ArrayDistinct ArrayContains
Struct VarMap
"""
_STATEMENTS = """
Create Schema ColumnDef ColumnConstraint NotNullColumnConstraint CommentColumnConstraint Properties
Property FileFormatProperty Insert Update Delete Merge When Whens Drop Alter AlterColumn
AddConstraint Constraint CheckColumnConstraint TruncateTable Comment Describe Returning
SchemaCommentProperty LocationProperty PartitionedByProperty AlterSet DropColumn RenameColumn
Constraint TableFromRows
"""
ALLOWED = frozenset(
    " ".join(
        [
            _STRUCTURE,
            _OPERATORS,
            _AGGREGATES,
            _WINDOWS,
            _TEXT,
            _NUMBERS,
            _DATES,
            _NESTED,
            _STATEMENTS,
        ]
    ).split()
)
"""Class names of parse tree nodes that are portable; CONDITIONS narrows some of them."""

ALLOWED_FUNCTIONS = frozenset(
    [
        "btrim",
        "crc32",
        "hll_sketch_agg",
        "hll_sketch_estimate",
        "isnotnull",
        "octet_length",
        "pmod",
        "timestamp_micros",
        "timestamp_millis",
        "timestamp_seconds",
        "try_mod",
        "try_to_date",
        "try_to_timestamp",
        "weekday",
    ]
)
"""Functions the parser has no class for."""

HINTS = {
    "AnyValue": "which value comes is not defined; use min(x) or max(x)",
    "First": "which value comes is not defined; use min_by(x, key)",
    "Last": "which value comes is not defined; use max_by(x, key)",
    "Mode": "ties are not defined; group, order by count(*) DESC and the key, and take one",
    "Corr": "it fails on a constant column; write "
    "try_divide(covar_pop(x, y), stddev_pop(x) * stddev_pop(y))",
    "RegrSlope": "use covar_pop and var_pop with try_divide",
    "Qualify": "number the rows in a subquery and filter outside: WHERE rn = 1",
    "TableSample": "engines draw different rows; write "
    "WHERE substr(md5(CAST(key AS STRING)), 1, 4) < '4000' for 25 percent",
    "Typeof": "type names differ; cast instead",
    "JSONExtract": "the : path is not portable; use get_json_object(js, '$.a')",
    "JSONFormat": "to_json differs in detail; build JSON in Python",
    "Reverse": "it differs on combining characters; do it in Python",
    "Initcap": "word borders differ; do it in Python",
    "Format": "formats differ; concatenate or format in Python",
    "MakeInterval": "use date_add(d, n) or INTERVAL with a literal",
    "Inline": "explode the array and select its fields",
    "Stack": "use a UNION ALL",
    "_ExplodeOuter": "LEFT JOIN an exploded subquery",
    "ExplodeOuter": "LEFT JOIN an exploded subquery",
    "Unpivot": "use a UNION ALL",
    "Command": "this statement is opaque to the parser; mark it '-- only: databricks'",
    "ToChar": "use date_format, or format in Python",
    "Dayname": "names differ; use weekday(d)",
    "Monthname": "names differ; use month(d)",
    "ArrayExcept": "use filter(a, v -> …)",
    "ArrayRemove": "use filter(a, v -> v <> x)",
    "ArrayPosition": "use size(filter(a, v -> v = x)) > 0",
    "Collate": "compare lower(x) with a lower-case text",
    "MapContainsKey": "use m['k'] IS NOT NULL, or map_keys(m)",
    "GroupConcat": "use array_join(sort_array(collect_list(x)), ',')",
    "RegexpExtractAll": "use split or regexp_count",
    "UnixToStr": "use date_format(timestamp_seconds(x), …)",
    "MonthsBetween": "use datediff, or year * 12 + month",
    "Chr": "write the character",
}
"""The way out, by class name."""

FUNCTION_HINTS = {
    "every": "use bool_and(x)",
    "some": "use bool_or(x)",
    "isnull": "write x IS NULL",
    "hash": "use md5(x)",
    "xxhash64": "use md5(x)",
    "identifier": "quote the name in Python",
    "bigint": "write CAST(x AS BIGINT)",
    "decimal": "write CAST(x AS DECIMAL(p, s))",
    "tinyint": "write CAST(x AS TINYINT)",
    "binary": "write CAST(x AS BINARY)",
    "mean": "use avg(x)",
    "std": "use stddev(x)",
    "arrays_overlap": "use size(filter(a, v -> …)) > 0",
    "array_union": "concatenate in Python",
    "date_part": "use year, month, … or extract",
    "cardinality": "use size(a)",
    "nullifzero": "use nullif(x, 0)",
    "zeroifnull": "use coalesce(x, 0)",
    "bround": "round in Python",
    "regexp": "write x RLIKE pattern",
    "get": "use try_element_at(a, n + 1)",
    "try_avg": "use avg(x)",
    "try_sum": "use sum(CAST(x AS DECIMAL(38,0)))",
    "explode_outer": "LEFT JOIN an exploded subquery",
}
"""The way out, by function name."""

ONE_SIDED = {
    "iff": "use if(c, a, b)",
    "charindex": "use instr(s, part)",
    "strpos": "use instr(s, part)",
    "string_to_array": "use split(s, pattern)",
    "safe_divide": "use try_divide(a, b)",
    "list_value": "use array(…)",
    "approx_distinct": "use approx_count_distinct(x)",
    "quantile": "use percentile(x, p)",
}
"""Functions that only some engines know, though the parser reads them as ones all know."""
