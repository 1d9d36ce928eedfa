"""Strings and regular expressions."""

from __future__ import annotations

import re

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
from dq_databricks.sql.portable_conditions import whole_number
from dq_databricks.sql.regex import JAVA, regex_facts

_TO_TEXT = (Kind.WHOLE, Kind.TRUTH, Kind.DECIMAL, Kind.DATE, Kind.TEXT)


def _text(node: exp.Expr) -> exp.Expr:
    """`node` where text is joined: Spark's text form, or a refusal."""
    if isinstance(node, exp.Placeholder) or kind(node) in {Kind.TEXT}:
        return node
    if kind(node) in _TO_TEXT:
        return exp.cast(node, exp.DType.TEXT)
    return call("dq_text", node)


def _trim(node: exp.Expr) -> exp.Expr:
    blanks = node.expression or exp.Literal.string(" ")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")), "trim")
    return keep_kind(call(name, node.this, blanks), Kind.TEXT)


def _joined(node: exp.Expr) -> exp.Expr:
    parts = [_text(part) for part in node.expressions]
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part, safe=True)
    return keep_kind(exp.Paren(this=whole), Kind.TEXT)


def _pipe(node: exp.Expr) -> None:
    node.set("this", _text(node.this))
    node.set("expression", _text(node.expression))


def _concat_ws(node: exp.Expr) -> exp.Expr:
    first, *others = node.expressions
    return keep_kind(call("concat_ws", first, *[_text(part) for part in others]), Kind.TEXT)


def _cased(name: str) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        if is_text_literal(node.this) and node.this.this.isascii():
            return keep_kind(call(name.removeprefix("dq_"), node.this), Kind.TEXT)
        return keep_kind(call(name, node.this), Kind.TEXT)

    return rule


def _like(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node.parent, exp.Escape) or isinstance(node.expression, (exp.Any, exp.All)):
        return None
    return keep_kind(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")), Kind.TRUTH)


def _like_each(node: exp.Expr) -> exp.Expr | None:
    """LIKE ANY and LIKE ALL, written out."""
    many = node.expression
    if not isinstance(many, (exp.Any, exp.All)):
        return _like(node)
    inner = many.this.unnest() if isinstance(many.this, exp.Paren) else many.this
    patterns = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
    escape = exp.Literal.string("\\")
    likes = [
        exp.Escape(
            this=type(node)(this=node.this.copy(), expression=pattern.copy()),
            expression=escape.copy(),
        )
        for pattern in patterns
    ]
    joined = exp.or_(*likes) if isinstance(many, exp.Any) else exp.and_(*likes)
    return keep_kind(exp.Paren(this=joined), Kind.TRUTH)


def _pattern(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Placeholder):
        return node
    return exp.Literal.string(regex_facts(str(node.this), JAVA).pattern)


def _matches(node: exp.Expr) -> exp.Expr:
    value = guarded("dq_string", node.this, Kind.TEXT)
    return keep_kind(call("regexp_matches", value, _pattern(node.expression)), Kind.TRUTH)


def _count(node: exp.Expr) -> exp.Expr:
    found = call("regexp_extract_all", node.this, _pattern(node.expression))
    return keep_kind(exp.cast(call("len", found), exp.DType.INT), Kind.WHOLE)


def _extract(node: exp.Expr) -> exp.Expr:
    group = node.args.get("group") or exp.Literal.number(1)
    if isinstance(group, exp.Placeholder):
        group = exp.cast(group, exp.DType.INT)
    return keep_kind(call("regexp_extract", node.this, _pattern(node.expression), group), Kind.TEXT)


def _replace(node: exp.Expr) -> exp.Expr:
    new = node.args["replacement"]
    if is_text_literal(new):
        new = exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", str(new.this)))
    else:
        new = call("dq_replacement", new)
    every = exp.Literal.string("g")
    replaced = call("regexp_replace", node.this, _pattern(node.expression), new, every)
    return keep_kind(replaced, Kind.TEXT)


def _split(node: exp.Expr) -> exp.Expr:
    return call("string_split_regex", node.this, _pattern(node.expression))


def _replace_text(node: exp.Expr) -> exp.Expr:
    new = node.args.get("replacement") or exp.Literal.string("")
    return keep_kind(call("replace", node.this, node.expression, new), Kind.TEXT)


def _at_least(name: str, key: str) -> Rule:
    def rule(node: exp.Expr) -> None:
        number = node.args.get(key)
        if number is not None and whole_number(number) is None:
            node.set(key, call(name, number))

    return rule


def _substring(node: exp.Expr) -> None:
    node.set("this", guarded("dq_string", node.this, Kind.TEXT))
    _at_least("dq_from_one", "start")(node)
    _at_least("dq_from_zero", "length")(node)


def _length(node: exp.Expr) -> exp.Expr:
    return keep_kind(call("dq_length", node.this), Kind.WHOLE)


def _pad(node: exp.Expr) -> exp.Expr:
    name = "lpad" if node.args.get("is_left") else "rpad"
    fill = node.args.get("fill_pattern") or exp.Literal.string(" ")
    return keep_kind(call(name, node.this, node.expression, fill), Kind.TEXT)


def _encode(node: exp.Expr) -> exp.Expr:
    return call("encode", node.this)


def _renamed(name: str) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        others = [node.expression] if node.args.get("expression") is not None else []
        return call(name, node.this, *others)

    return rule


def _position(node: exp.Expr) -> exp.Expr:
    """instr and locate; with a start, the search begins there."""
    text, part, start = node.this, node.args["substr"], node.args.get("position")
    if start is None:
        return keep_kind(call("instr", text, part), Kind.WHOLE)
    rest = call("substr", text, call("dq_from_one", start))
    found = call("instr", rest, part)
    shifted = exp.Add(
        this=found.copy(), expression=exp.Sub(this=start.copy(), expression=exp.Literal.number(1))
    )
    zero = exp.EQ(this=found, expression=exp.Literal.number(0))
    case = exp.Case(ifs=[exp.If(this=zero, true=exp.Literal.number(0))], default=shifted)
    return keep_kind(case, Kind.WHOLE)


STRINGS: dict[type[exp.Expr], Rule] = {
    exp.Trim: _trim,
    exp.Concat: _joined,
    exp.DPipe: _pipe,
    exp.ConcatWs: _concat_ws,
    exp.Lower: _cased("dq_lower"),
    exp.Upper: _cased("dq_upper"),
    exp.Like: _like_each,
    exp.ILike: _like_each,
    exp.RegexpLike: _matches,
    exp.RegexpCount: _count,
    exp.RegexpExtract: _extract,
    exp.RegexpReplace: _replace,
    exp.RegexpSplit: _split,
    exp.Replace: _replace_text,
    exp.Substring: _substring,
    exp.Left: _at_least("dq_from_zero", "expression"),
    exp.Right: _at_least("dq_from_zero", "expression"),
    exp.Length: _length,
    exp.Pad: _pad,
    exp.Encode: _encode,
    exp.Soundex: _renamed("dq_soundex"),
    exp.Levenshtein: _renamed("dq_levenshtein"),
    exp.StrPosition: _position,
}
