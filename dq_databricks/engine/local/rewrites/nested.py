"""Arrays, maps, structs, JSON, and the functions the parser has no class for."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from dq_databricks.engine.local.rewrites import Rule
from dq_databricks.engine.local.rewrites.kinds import Kind, call, keep_kind
from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.portable_conditions import literal


def _sorted(node: exp.Expr) -> exp.Expr:
    """sort_array has NULL first when ascending; array_sort has it last."""
    descending = isinstance(node.args.get("asc"), exp.Boolean) and not node.args["asc"].this
    nulls = node.args.get("nulls_first")
    last = isinstance(nulls, exp.Boolean) and not nulls.this
    if isinstance(node.expression, exp.Lambda):
        raise UnsupportedError("array_sort with a function: not portable; sort plain values")
    return call(
        "list_sort",
        node.this,
        exp.Literal.string("DESC" if descending else "ASC"),
        exp.Literal.string("NULLS LAST" if last else "NULLS FIRST"),
    )


def _joined(node: exp.Expr) -> exp.Expr:
    instead = node.args.get("null")
    if instead is None:
        values = call("list_filter", node.this, _lambda("e", "e IS NOT NULL"))
    else:
        value = exp.Coalesce(this=exp.column("e"), expressions=[instead])
        values = call("list_transform", node.this, _of("e", value))
    return keep_kind(call("array_to_string", values, node.expression), Kind.TEXT)


def _of(name: str, body: exp.Expr) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name)])


def _lambda(name: str, body: str) -> exp.Expr:
    return _of(name, exp.maybe_parse(body, dialect="duckdb"))


def _compact(node: exp.Expr) -> exp.Expr:
    return call("list_filter", node.this, _lambda("e", "e IS NOT NULL"))


def _size(node: exp.Expr) -> exp.Expr:
    return keep_kind(exp.cast(call("len", node.this), exp.DType.INT), Kind.WHOLE)


def _contains(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_array_contains", node.this, node.expression), Kind.TRUTH)


def _struct(node: exp.Expr) -> exp.Expr:
    values = [
        f"{exp.Literal.string(field.name).sql('duckdb')}: {field.expression.sql('duckdb')}"
        for field in node.expressions
    ]
    return exp.Var(this="{" + ", ".join(values) + "}")


def _json_scalar(node: exp.Expr) -> exp.Expr:
    path = exp.Literal.string(_duck_path(node.expression))
    return keep_kind(call("dq_json", node.this, path), Kind.TEXT)


def _duck_path(path: exp.Expr) -> str:
    text = "$"
    for part in path.expressions:
        if isinstance(part, exp.JSONPathKey):
            text += '."' + str(part.this).replace('"', '\\"') + '"'
        elif isinstance(part, exp.JSONPathSubscript):
            text += f"[{int(part.this)}]"
    return text


def _from_json(node: exp.Expr) -> exp.Expr:
    schema = (literal(node.expression) or "").strip()
    try:
        shape = _shape(_schema_type(schema))
    except (SqlglotError, KeyError) as error:
        raise UnsupportedError(f"from_json: schema {schema!r} has no portable form") from error
    text = call("dq_json_numbers", node.this.copy()) if "DECIMAL" in schema.upper() else node.this
    checked = exp.Case(ifs=[exp.If(this=call("json_valid", node.this.copy()), true=text)])
    loaded = call("json_transform", checked, exp.Literal.string(shape))
    return exp.cast(loaded, exp.DataType.build(_duck_type(_schema_type(schema)), dialect="duckdb"))


def _schema_type(schema: str) -> exp.DataType:
    upper = schema.upper()
    if not upper.startswith(("STRUCT<", "ARRAY<", "MAP<")):
        schema = f"STRUCT<{schema}>"
    return exp.DataType.build(schema, dialect="databricks")


_LEAVES = {
    exp.DType.TEXT: ("VARCHAR", "VARCHAR"),
    exp.DType.INT: ("INTEGER", "INTEGER"),
    exp.DType.BIGINT: ("BIGINT", "BIGINT"),
    exp.DType.DOUBLE: ("DOUBLE", "DOUBLE"),
    exp.DType.BOOLEAN: ("BOOLEAN", "BOOLEAN"),
    exp.DType.DATE: ("DATE", "DATE"),
    exp.DType.TIMESTAMP: ("VARCHAR", "TIMESTAMPTZ"),
    exp.DType.TIMESTAMPTZ: ("VARCHAR", "TIMESTAMPTZ"),
    exp.DType.DECIMAL: ("VARCHAR", ""),
}


def _shape(kind: exp.DataType) -> str:
    """The shape json_transform reads; what JSON has no exact form for travels as text."""
    if kind.this == exp.DType.ARRAY:
        return f"[{_shape(kind.expressions[0])}]"
    if kind.this == exp.DType.STRUCT:
        fields = (f'"{field.name}":{_shape(_field_type(field))}' for field in kind.expressions)
        return "{" + ",".join(fields) + "}"
    if kind.this == exp.DType.MAP:
        key, value = kind.expressions
        return f'"MAP({_leaf(key)}, {_leaf(value)})"'
    return f'"{_leaf(kind)}"'


def _leaf(kind: exp.DataType) -> str:
    return _LEAVES[kind.this][0]


def _duck_type(kind: exp.DataType) -> str:
    if kind.this == exp.DType.ARRAY:
        return f"{_duck_type(kind.expressions[0])}[]"
    if kind.this == exp.DType.STRUCT:
        fields = (f'"{field.name}" {_duck_type(_field_type(field))}' for field in kind.expressions)
        return f"STRUCT({', '.join(fields)})"
    if kind.this == exp.DType.MAP:
        key, value = kind.expressions
        return f"MAP({_duck_type(key)}, {_duck_type(value)})"
    return _LEAVES[kind.this][1] or kind.sql("duckdb")


def _field_type(field: exp.Expr) -> exp.DataType:
    kind = field.args.get("kind")
    if not isinstance(kind, exp.DataType):
        raise KeyError(field.name)
    return kind


def _range(node: exp.Expr) -> exp.Expr:
    return call("generate_series", node.args["start"], node.args["end"])


def _reduce(node: exp.Expr) -> exp.Expr:
    return call("list_reduce", node.this, node.args["merge"], node.args["initial"])


def _function(name: str) -> Rule:
    return lambda node: call(name, *node.expressions)


def _is_not_null(node: exp.Expr) -> exp.Expr:
    return keep_kind(
        exp.Not(this=exp.Paren(this=exp.Is(this=node.expressions[0], expression=exp.Null()))),
        Kind.TRUTH,
    )


def _octets(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_octets", node.expressions[0]), Kind.WHOLE)


def _btrim(node: exp.Expr) -> exp.Expr:
    value, *blanks = node.expressions
    return keep_kind(call("trim", value, *(blanks or [exp.Literal.string(" ")])), Kind.TEXT)


NESTED: dict[type[exp.Expr], Rule] = {
    exp.ArraySort: _sorted,
    exp.ArrayToString: _joined,
    exp.ArrayCompact: _compact,
    exp.ArraySize: _size,
    exp.ArrayContains: _contains,
    exp.JSONExtractScalar: _json_scalar,
    exp.FromJson: _from_json,
    exp.GenerateSeries: _range,
    exp.Reduce: _reduce,
}
NESTED_FUNCTIONS: dict[str, Rule] = {
    "pmod": _function("dq_pmod"),
    "try_mod": _function("dq_try_mod"),
    "crc32": _function("dq_crc32"),
    "isnotnull": _is_not_null,
    "octet_length": _octets,
    "btrim": _btrim,
}
