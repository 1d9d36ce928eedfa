"""Macros and functions that give DuckDB the answers of Spark; registered once per connection.

Guards look at the type of their argument with ``typeof``, which DuckDB folds when it binds: a guard
that is met costs nothing per row, one that is not stops the statement with a message that starts
with `REFUSED`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

REFUSED = "not portable: "
"""How the message of a refusal at run time starts; an engine raises UnsupportedError for it."""

_BLANK = r"[\x00-\x20]*"
_NUMBER = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LIKE_TIME = r"[+-]?[0-9]{4,7}(-[0-9]{1,2}(-[0-9]{1,2}([ T].*)?)?)?|T?[0-9]{1,2}:[0-9]{1,2}.*"
_LONG_NUMBERS = (
    r"[:,\[]\s*-?("
    + "|".join(rf"[1-9][0-9]{{{whole}}}[.][0-9]{{{17 - whole},}}" for whole in range(16))
    + r"|[1-9][0-9]{16,}[.]|0[.]0*[1-9][0-9]{17,})"
)
_FLOATS = "('DOUBLE', 'FLOAT')"
_WHOLES = (
    "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'BOOLEAN', "
    "'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT')"  # parquet files may hold unsigned numbers
)
_TIMES = "('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE')"
_IS_NESTED = "right(typeof(x), 1) = ']' OR left(typeof(x), 3) IN ('STR', 'MAP')"


def _guard(condition: str, hint: str, otherwise: str = "x") -> str:
    return f"CASE WHEN {condition} THEN error('{REFUSED}{hint}') ELSE {otherwise} END"


_GUARDS = {
    "dq_no_decimal(x)": _guard(
        "typeof(x) LIKE 'DECIMAL%'", "decimals here, write CAST(x AS DOUBLE)"
    ),
    "dq_ordered(x)": _guard(_IS_NESTED, "arrays, structs and maps have no common order"),
    "dq_number(x)": _guard(
        "typeof(x) IN ('VARCHAR', 'BOOLEAN')", "compare numbers with numbers, cast first"
    ),
    "dq_whole(x)": _guard(
        f"typeof(x) IN {_FLOATS} OR typeof(x) LIKE 'DECIMAL%'", "div and shifts take whole numbers"
    ),
    "dq_exact(x)": _guard(f"typeof(x) IN {_FLOATS}", "round doubles in Python"),
    "dq_not_float(x)": _guard(f"typeof(x) IN {_FLOATS}", "write CAST(floor(x) AS BIGINT)"),
    "dq_not_date(x)": _guard("typeof(x) = 'DATE'", "write CAST(d + INTERVAL … AS DATE)"),
    "dq_not_time(x)": _guard(
        f"typeof(x) IN {_TIMES}", "subtract with datediff(a, b) or unix_micros(ts)"
    ),
    "dq_text(x)": _guard(
        f"NOT (typeof(x) IN {_WHOLES} OR typeof(x) IN ('VARCHAR', 'DATE', '\"NULL\"') "
        "OR typeof(x) LIKE 'DECIMAL%')",
        "this type has no common text form, use date_format or Python",
        "CAST(x AS VARCHAR)",
    ),
    "dq_string(x)": _guard(
        "typeof(x) NOT IN ('VARCHAR', '\"NULL\"')",
        "this takes a string, write CAST(x AS STRING)",
        "CAST(x AS VARCHAR)",
    ),
    "dq_not_text(x)": _guard(
        "typeof(x) = 'VARCHAR'", "cast the text first, after a check by RLIKE"
    ),
    "dq_from_one(x)": _guard("x < 1", "count from 1"),
    "dq_from_zero(x)": _guard("x < 0", "a negative length differs"),
    "dq_replacement(x)": _guard(
        "contains(x, '$') OR contains(x, '\\')", "a bound replacement is plain text"
    ),
}
_BYTES = "CAST(octet_length(CAST(x AS BLOB)) AS INTEGER)"
_ARITHMETIC = {
    "dq_zero(x)": "CASE WHEN x = 0 THEN error('DIVIDE_BY_ZERO: use try_divide') ELSE x END",
    "dq_try_divide(a, b)": "CASE WHEN b = 0 THEN NULL ELSE dq_no_decimal(a) / dq_no_decimal(b) END",
    "dq_try_mod(a, b)": "CASE WHEN b = 0 THEN NULL ELSE a % b END",
    "dq_pmod(a, b)": "CASE WHEN a % b < 0 THEN (a % b + b) % b ELSE a % b END",
    "dq_sum(s)": "CASE WHEN typeof(s) = 'HUGEINT' AND abs(s) > 9223372036854775807 "
    "THEN error('ARITHMETIC_OVERFLOW: write sum(CAST(x AS DECIMAL(38,0)))') ELSE s END",
    "dq_ln(x)": "CASE WHEN x <= 0 THEN NULL ELSE ln(x) END",
    "dq_log10(x)": "CASE WHEN x <= 0 THEN NULL ELSE log10(x) END",
    "dq_log2(x)": "CASE WHEN x <= 0 THEN NULL ELSE log2(x) END",
    "dq_sqrt(x)": "CASE WHEN x < 0 THEN 'NaN'::DOUBLE ELSE sqrt(x) END",
    "dq_sign(x)": "CASE WHEN isnan(x) OR x = 0 THEN x ELSE CAST(sign(x) AS DOUBLE) END",
    "dq_nanvl(a, b)": "CASE WHEN isnan(a) THEN b ELSE a END",
    "dq_saturated(x)": "CASE WHEN isnan(x) THEN 0 WHEN x >= 9223372036854775807 "
    "THEN 9223372036854775807 WHEN x <= -9223372036854775808 THEN -9223372036854775808 "
    "ELSE CAST(x AS BIGINT) END",
    "dq_floor_long(x)": f"CASE WHEN typeof(x) IN {_FLOATS} "
    "THEN dq_saturated(floor(CAST(x AS DOUBLE))) ELSE CAST(floor(x) AS BIGINT) END",
    "dq_ceil_long(x)": f"CASE WHEN typeof(x) IN {_FLOATS} "
    "THEN dq_saturated(ceil(CAST(x AS DOUBLE))) ELSE CAST(ceil(x) AS BIGINT) END",
    "dq_skewness(g, v, n)": "CASE WHEN v = 0 THEN NULL WHEN n = 2 THEN 0.0::DOUBLE "
    "ELSE g * (n - 2) / sqrt(n * (n - 1.0::DOUBLE)) END",
    "dq_kurtosis(g, v, n)": "CASE WHEN v = 0 THEN NULL WHEN n = 2 THEN -2.0::DOUBLE ELSE g END",
}
# Linear counting (Whang, Vander-Zanden, Taylor 1990): of m bits, n distinct hashes leave
# m·e^(−n/m) unset. Up to 1.5 M values all hashes are counted in 2^18 bits (standard error below
# 0.6 %), above that one hash in 64 in 2^19 bits (below 0.7 %, up to 180 M values).
_BITS, _SAMPLE_BITS, _FULL = 2**18, 2**19, 261_300
_ALL_HASHES = f"CASE WHEN x IS NOT NULL THEN CAST((hash(x) >> 20) & {_BITS - 1} AS INTEGER) END"
_SOME_HASHES = (
    "CASE WHEN x IS NOT NULL AND hash(x) & 63 = 0 "
    f"THEN CAST((hash(x) >> 20) & {_SAMPLE_BITS - 1} AS INTEGER) END"
)
_SKETCHES = {
    "dq_count_if(c)": "CAST(coalesce(count_if(c), 0) AS BIGINT)",
    "dq_bits(h, m)": "coalesce(bit_count(bitstring_agg(h, 0, m - 1)), 0)",
    "dq_linear(k, m)": "-CAST(m AS DOUBLE) * ln(1 - least(k, m - 1) / CAST(m AS DOUBLE))",
    "dq_approx_distinct(x)": f"CAST(round(CASE WHEN dq_bits({_ALL_HASHES}, {_BITS}) < {_FULL} "
    f"THEN dq_linear(dq_bits({_ALL_HASHES}, {_BITS}), {_BITS}) "
    f"ELSE 64 * dq_linear(dq_bits({_SOME_HASHES}, {_SAMPLE_BITS}), {_SAMPLE_BITS}) END) "
    "AS BIGINT)",
}
_CASTS = {
    "dq_blank_free(x)": r"regexp_replace(x, '^[\x00-\x20]+|[\x00-\x20]+$', '', 'g')",
    "dq_int_text(x)": f"CASE WHEN regexp_full_match(x, '{_BLANK}[+-]?[0-9]{{1,38}}{_BLANK}') "
    "THEN TRY_CAST(dq_blank_free(x) AS HUGEINT) END",
    "dq_cast_whole(x)": f"CASE WHEN typeof(x) IN {_FLOATS} "
    "THEN CAST(trunc(CAST(x AS DOUBLE)) AS HUGEINT) WHEN typeof(x) LIKE 'DECIMAL%' "
    "THEN CAST(split_part(CAST(x AS VARCHAR), '.', 1) AS HUGEINT) WHEN typeof(x) = 'VARCHAR' "
    "THEN CASE WHEN CAST(x AS VARCHAR) IS NULL THEN NULL "
    "WHEN dq_int_text(CAST(x AS VARCHAR)) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no whole number') ELSE dq_int_text(CAST(x AS VARCHAR)) END "
    f"WHEN typeof(x) IN {_WHOLES} THEN CAST(x AS HUGEINT) "
    f"ELSE error('{REFUSED}this type has no portable cast to a whole number') END",
    "dq_try_whole(x)": f"CASE WHEN typeof(x) IN {_FLOATS} "
    "THEN TRY_CAST(trunc(TRY_CAST(x AS DOUBLE)) AS HUGEINT) WHEN typeof(x) LIKE 'DECIMAL%' "
    "THEN TRY_CAST(split_part(CAST(x AS VARCHAR), '.', 1) AS HUGEINT) "
    "WHEN typeof(x) = 'VARCHAR' THEN dq_int_text(CAST(x AS VARCHAR)) "
    f"WHEN typeof(x) IN {_WHOLES} THEN CAST(x AS HUGEINT) "
    f"ELSE error('{REFUSED}this type has no portable cast to a whole number') END",
    "dq_double_text(x)": f"CASE WHEN regexp_full_match(x, '{_BLANK}{_NUMBER}[dDfF]?{_BLANK}') "
    "THEN TRY_CAST(rtrim(dq_blank_free(x), 'dDfF') AS DOUBLE) "
    f"WHEN regexp_full_match(lower(x), '{_BLANK}([+-]?inf(inity)?|nan){_BLANK}') "
    "THEN TRY_CAST(dq_blank_free(x) AS DOUBLE) END",
    # Of aggregates DuckDB does not know the type when it picks an overload: these take any type.
    "dq_cast_any_double(x)": "CASE WHEN typeof(x) = 'VARCHAR' "
    "THEN CASE WHEN CAST(x AS VARCHAR) IS NULL THEN NULL "
    "WHEN dq_double_text(CAST(x AS VARCHAR)) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no number') ELSE dq_double_text(CAST(x AS VARCHAR)) END "
    "ELSE CAST(dq_not_time(x) AS DOUBLE) END",
    "dq_try_any_double(x)": "CASE WHEN typeof(x) = 'VARCHAR' "
    "THEN dq_double_text(CAST(x AS VARCHAR)) ELSE TRY_CAST(dq_not_time(x) AS DOUBLE) END",
    "dq_decimal_text(x)": f"CASE WHEN typeof(x) = 'FLOAT' THEN error('{REFUSED}cast a float to "
    "DOUBLE first') WHEN typeof(x) = 'DOUBLE' THEN CAST(x AS VARCHAR) "
    "WHEN strlen(CAST(x AS VARCHAR)) <> length(CAST(x AS VARCHAR)) "
    "AND regexp_matches(CAST(x AS VARCHAR), '\\p{Nd}') "
    f"THEN error('{REFUSED}digits of other scripts, check by RLIKE first') "
    f"WHEN regexp_full_match(CAST(x AS VARCHAR), '{_BLANK}{_NUMBER}{_BLANK}') "
    "THEN dq_blank_free(CAST(x AS VARCHAR)) END",
    "dq_cast_decimal_text(x)": "CASE WHEN x IS NULL THEN NULL WHEN dq_decimal_text(x) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no number') ELSE dq_decimal_text(x) END",
    "dq_bool_text(x)": "CASE lower(dq_blank_free(x)) WHEN 't' THEN true WHEN 'true' THEN true "
    "WHEN 'y' THEN true WHEN 'yes' THEN true WHEN '1' THEN true WHEN 'f' THEN false "
    "WHEN 'false' THEN false WHEN 'n' THEN false WHEN 'no' THEN false WHEN '0' THEN false END",
    "dq_cast_bool(x)": "CASE WHEN typeof(x) <> 'VARCHAR' THEN CAST(dq_not_time(x) AS BOOLEAN) "
    "WHEN CAST(x AS VARCHAR) IS NULL THEN NULL WHEN dq_bool_text(CAST(x AS VARCHAR)) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no boolean') ELSE dq_bool_text(CAST(x AS VARCHAR)) END",
    "dq_try_bool(x)": "CASE WHEN typeof(x) = 'VARCHAR' THEN dq_bool_text(CAST(x AS VARCHAR)) "
    "ELSE TRY_CAST(dq_not_time(x) AS BOOLEAN) END",
    "dq_time_text(x)": f"CASE WHEN regexp_full_match(x, '{_BLANK}{_DATE}([ T]{_TIME})?{_BLANK}') "
    "THEN dq_blank_free(x) "
    f"WHEN regexp_full_match(dq_blank_free(x), '{_LIKE_TIME}', 's') "
    f"THEN error('{REFUSED}a partial date or time, check by RLIKE for the full form first') END",
    "dq_date_text(x)": f"CASE WHEN regexp_full_match(x, '{_BLANK}{_DATE}([ T].*)?{_BLANK}', 's') "
    "THEN substr(dq_blank_free(x), 1, 10) "
    f"WHEN regexp_full_match(dq_blank_free(x), '{_LIKE_TIME}', 's') "
    f"AND NOT regexp_full_match(dq_blank_free(x), 'T?[0-9]{{1,2}}:.*', 's') "
    "THEN CASE WHEN regexp_full_match(dq_blank_free(x), "
    "'[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?', 's') "
    "THEN regexp_extract(dq_blank_free(x), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') "
    f"ELSE error('{REFUSED}a partial date, check by RLIKE for the full form first') END END",
    "dq_cast_date(x)": "CASE WHEN typeof(x) <> 'VARCHAR' THEN CAST(x AS DATE) "
    "WHEN CAST(x AS VARCHAR) IS NULL THEN NULL WHEN dq_date_text(CAST(x AS VARCHAR)) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no date') "
    "ELSE CAST(dq_date_text(CAST(x AS VARCHAR)) AS DATE) END",
    "dq_try_date(x)": "CASE WHEN typeof(x) = 'VARCHAR' "
    "THEN TRY_CAST(dq_date_text(CAST(x AS VARCHAR)) AS DATE) ELSE TRY_CAST(x AS DATE) END",
    "dq_cast_time(x)": f"CASE WHEN typeof(x) IN {_WHOLES} "
    f"THEN error('{REFUSED}use timestamp_seconds(x)') "
    "WHEN typeof(x) <> 'VARCHAR' THEN CAST(x AS TIMESTAMPTZ) "
    "WHEN CAST(x AS VARCHAR) IS NULL THEN NULL WHEN dq_time_text(CAST(x AS VARCHAR)) IS NULL "
    "THEN error('CAST_INVALID_INPUT: no timestamp') "
    "ELSE CAST(dq_time_text(CAST(x AS VARCHAR)) AS TIMESTAMPTZ) END",
    "dq_try_time(x)": "CASE WHEN typeof(x) = 'VARCHAR' "
    "THEN TRY_CAST(dq_time_text(CAST(x AS VARCHAR)) AS TIMESTAMPTZ) "
    "ELSE TRY_CAST(x AS TIMESTAMPTZ) END",
    "dq_parsed(s, f)": "CASE WHEN strftime(try_strptime(s, f), f) = s THEN try_strptime(s, f) END",
    "dq_must_parse(s, f)": "CASE WHEN s IS NULL THEN NULL WHEN dq_parsed(s, f) IS NULL "
    "THEN error('CANNOT_PARSE_TIMESTAMP: text does not fit the format') ELSE dq_parsed(s, f) END",
}
_TEXT = {
    "dq_length(x)": f"CASE WHEN typeof(x) = 'BLOB' THEN {_BYTES} "
    "ELSE CAST(length(dq_string(x)) AS INTEGER) END",
    "dq_octets(x)": f"CASE WHEN typeof(x) = 'BLOB' THEN {_BYTES} "
    "ELSE CAST(strlen(dq_string(x)) AS INTEGER) END",
    "dq_lower(x)": "CASE WHEN strlen(x) = length(x) THEN lower(x) ELSE dq_unicode_lower(x) END",
    "dq_upper(x)": "CASE WHEN strlen(x) = length(x) THEN upper(x) ELSE dq_unicode_upper(x) END",
    "dq_json(j, p)": "CASE WHEN json_valid(j) THEN json_extract_string(j, p) END",
    "dq_json_numbers(j)": _guard(
        f"regexp_matches(j, '{_LONG_NUMBERS}')", "decimals travel as JSON strings", "j"
    ),
    "dq_array_contains(a, v)": "CASE WHEN a IS NULL OR v IS NULL THEN NULL "
    "WHEN list_contains(a, v) THEN true WHEN len(list_filter(a, lambda e: e IS NULL)) > 0 "
    "THEN NULL ELSE false END",
}
_TO_DOUBLE = (
    "(x DOUBLE) AS x, (x BIGINT) AS CAST(x AS DOUBLE), (x HUGEINT) AS CAST(x AS DOUBLE), "
    "(x BOOLEAN) AS CAST(x AS DOUBLE), (x VARCHAR) AS "
)
# Overloads bind one body only, which is cheap; they must not serve types they convert wrongly.
_OVERLOADS = {
    "dq_try_double": f"{_TO_DOUBLE} dq_double_text(x)",
    "dq_cast_double": f"{_TO_DOUBLE} CASE WHEN x IS NULL THEN NULL "
    "WHEN dq_double_text(x) IS NULL THEN error('CAST_INVALID_INPUT: no number') "
    "ELSE dq_double_text(x) END",
}
_DATES = {
    "dq_whole_part(m, n)": "(m - ((m % n) + n) % n) // n",
    "dq_unix_seconds(x)": "dq_whole_part(epoch_us(x), 1000000)",
    "dq_unix_millis(x)": "dq_whole_part(epoch_us(x), 1000)",
}
_MACROS = {**_GUARDS, **_ARITHMETIC, **_SKETCHES, **_CASTS, **_TEXT, **_DATES}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach a new `connection` what transpiled statements need: macros, functions and UTC."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    for name, function in {
        "dq_unicode_lower": str.lower,
        "dq_unicode_upper": str.upper,
        "dq_soundex": _soundex,
    }.items():
        _add(connection, name, function, 1, "VARCHAR")
    _add(connection, "dq_crc32", _crc32, 1, "BIGINT")
    _add(connection, "dq_levenshtein", _levenshtein, 2, "INTEGER")
    macros = [f"CREATE OR REPLACE MACRO {name} AS {body}" for name, body in _MACROS.items()]
    macros += [f"CREATE OR REPLACE MACRO {name}{body}" for name, body in _OVERLOADS.items()]
    connection.execute(";".join(macros))


def normalise_types(table: pa.Table, duck_types: Sequence[object] | None = None) -> pa.Table:
    """Give the Arrow types every engine gives: int64 for HUGEINT, timestamps in UTC microseconds.

    `duck_types` are the column types of the cursor's description. Without them a
    ``decimal128(38, 0)`` column may have been a HUGEINT and becomes int64 when its values fit.
    Raises pa.ArrowInvalid when a HUGEINT does not fit int64.
    """
    for index, field in enumerate(table.schema):
        hugeint = None if duck_types is None else str(duck_types[index]) == "HUGEINT"
        column = _normalised(table.column(index), hugeint)
        if column.type != field.type:
            table = table.set_column(index, field.name, column)
    return table.replace_schema_metadata(None)


def _normalised(column: pa.ChunkedArray, hugeint: bool | None) -> pa.ChunkedArray:
    if column.type == pa.decimal128(38, 0) and hugeint is not False:
        return column.cast(pa.int64()) if hugeint or _fits_int64(column) else column
    if pa.types.is_timestamp(column.type):
        zone = None if column.type.tz is None else "UTC"
        return column.cast(pa.timestamp("us", zone))
    if pa.types.is_unsigned_integer(column.type):
        return column.cast(pa.int64())
    return column


def _fits_int64(column: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(column).as_py()
    low, high = bounds["min"], bounds["max"]
    return low is None or (low >= -(2**63) and high < 2**63)


def _add(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., str | int],
    parameters: int,
    returns: str,
) -> None:
    connection.create_function(name, function, ["VARCHAR"] * parameters, returns)


def _crc32(text: str) -> int:
    return zlib.crc32(text.encode())


def _soundex(text: str) -> str:
    if not text or not (text[0].isascii() and text[0].isalpha()):
        return text
    codes = "01230120022455012623010202"
    result, last = text[0].upper(), codes[ord(text[0].upper()) - 65]
    for char in text[1:].upper():
        if not "A" <= char <= "Z":
            last = "0"
            continue
        code = codes[ord(char) - 65]
        if char in "HW":
            continue
        if code not in {"0", last}:
            result += code
        last = code
    return (result + "000")[:4]


def _levenshtein(left: str, right: str) -> int:
    previous = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            current.append(
                min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (one != other))
            )
        previous = current
    return previous[-1]
