"""SQL that users write: one condition or one SELECT, parsed, held to rules and written out anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from dq_databricks.errors import SqlError, UserSqlError
from dq_databricks.sql.parse import excerpt, parse_statements
from dq_databricks.sql.portable_words import ALLOWED_FUNCTIONS, FUNCTION_HINTS

MAX_CHARS = 1_000_000
MAX_NODES = 50_000
_COMMANDS = (exp.Command, exp.DDL, exp.DML, exp.Alter, exp.Drop, exp.Set, exp.Use, exp.Describe)
_NO_TRUTH = (exp.Literal, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.DPipe, exp.Star)
_READS = (exp.Select, exp.SetOperation)
_KNOWN_FUNCTIONS = ALLOWED_FUNCTIONS | frozenset(FUNCTION_HINTS) - {"identifier"}


@dataclass(frozen=True, slots=True)
class UserCondition:
    """A condition on the rows of one table: canonical Databricks SQL, and the columns it names."""

    sql: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class UserSelect:
    """A SELECT (or set operation): canonical Databricks SQL, and the tables it reads."""

    sql: str
    tables: frozenset[str]


@lru_cache(maxsize=512)
def parse_condition(text: str) -> UserCondition:
    """Read one boolean expression over the columns of a table, such as ``amount >= 0``.

    Raises UserSqlError: no expression or several, a subquery, an aggregate, a window, a parameter,
    an unknown function or a command.
    """
    _check_size(text, "condition")
    selected = _one(f"SELECT ({text}\n) AS c", "condition", text)
    if not _is_bare_projection(selected):
        raise _refusal("condition", text, "more than one expression", "give one condition")
    inner = selected.expressions[0].this.this
    for node in _walked(inner, "condition", text):
        _refuse_in_condition(node, text)
    if isinstance(inner, _NO_TRUTH):
        raise _refusal("condition", text, "no comparison", "write one, such as amount >= 0")
    columns = frozenset(column.parts[0].name for column in inner.find_all(exp.Column))
    return UserCondition(_canonical(inner, "condition", text), columns)


@lru_cache(maxsize=128)
def parse_select(text: str) -> UserSelect:
    """Read exactly one SELECT or set operation.

    Raises UserSqlError: several statements, DML, DDL or a command, a table function, IDENTIFIER(),
    a parameter, an unknown function, text over 1 MB or text that does not parse.
    """
    _check_size(text, "query")
    tree = _one(text, "query", text)
    if not isinstance(tree, _READS):
        found = type(tree).__name__.upper()
        raise _refusal("query", text, f"a {found} statement", "give one SELECT")
    for node in _walked(tree, "query", text):
        _refuse_anywhere(node, "query", text)
    defined = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    tables = (table for table in tree.find_all(exp.Table))
    names = frozenset(
        ".".join(part.name for part in table.parts)
        for table in tables
        if table.args.get("db") or table.name.lower() not in defined
    )
    return UserSelect(_canonical(tree, "query", text), names)


def _check_size(text: str, what: str) -> None:
    if not text.strip():
        raise UserSqlError(f"the {what} is empty; write one, such as amount >= 0")
    if len(text) > MAX_CHARS:
        raise UserSqlError(
            f"the {what} has {len(text)} characters; at most {MAX_CHARS} are allowed; "
            "put it into a view"
        )
    if "\x00" in text:
        raise _refusal(what, text, "a NUL character", "remove it")


def _one(sql: str, what: str, text: str) -> exp.Expression:
    try:
        trees = [tree for tree in parse_statements(sql) if tree is not None]
    except SqlError as error:
        raise UserSqlError(f"the {what} cannot be read: {error}") from error
    if len(trees) != 1:
        raise _refusal(what, text, f"{len(trees)} statements", "give one, without ';'")
    return trees[0]


def _is_bare_projection(tree: exp.Expression) -> bool:
    """Whether the frame around a condition came through unchanged."""
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
        return False
    kept = {key for key, value in tree.args.items() if value}
    item = tree.expressions[0]
    whole = isinstance(item, exp.Alias) and item.alias == "c" and isinstance(item.this, exp.Paren)
    return kept == {"expressions"} and whole


def _walked(tree: exp.Expr, what: str, text: str) -> Iterator[exp.Expr]:
    for count, node in enumerate(tree.walk()):
        if count > MAX_NODES:
            raise _refusal(what, text, f"over {MAX_NODES} parts", "put it into a view")
        node.pop_comments()
        yield node


def _refuse_in_condition(node: exp.Expr, text: str) -> None:
    _refuse_anywhere(node, "condition", text)
    if isinstance(node, (exp.Query, exp.Subquery)):
        raise _refusal("condition", text, "a subquery", "use a custom query test instead")
    if isinstance(node, exp.AggFunc):
        name = node.sql_names()[0].lower()
        raise _refusal("condition", text, f"the aggregate {name}()", "use a custom query test")
    if isinstance(node, exp.Window):
        raise _refusal("condition", text, "a window function", "use a custom query test")
    if isinstance(node, (exp.Star, exp.UDTF, exp.Tuple)) and not isinstance(node.parent, exp.In):
        raise _refusal("condition", text, "something that is no single value", "name columns")


def _refuse_anywhere(node: exp.Expr, what: str, text: str) -> None:
    if isinstance(node, _COMMANDS):
        raise _refusal(what, text, f"a {type(node).__name__.upper()}", "only reading is allowed")
    if isinstance(node, (exp.Placeholder, exp.Parameter, exp.SessionParameter)):
        raise _refusal(what, text, f"the parameter {node.sql()}", "write the value itself")
    if isinstance(node, exp.Anonymous) and str(node.this).lower() not in _KNOWN_FUNCTIONS:
        raise _refusal(what, text, f"the function {node.this}()", "use a built-in function")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise _refusal(what, text, "a table function", "name a table")
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        raise _refusal(what, text, "a function of a schema", "use a built-in function")
    if isinstance(node, exp.Into):
        raise _refusal(what, text, "INTO", "only reading is allowed")


def _canonical(tree: exp.Expr, what: str, text: str) -> str:
    """The tree written out anew; it must read back as the same tree."""
    try:
        sql = tree.sql("databricks", comments=False)
        again = parse_statements(f"SELECT {sql} AS c" if what == "condition" else sql)[0]
    except (SqlError, RecursionError) as error:
        raise _refusal(what, text, "a form that cannot be written out", "simplify it") from error
    known = again.expressions[0].this if again is not None and what == "condition" else again
    if known is None or known.sql("databricks", comments=False) != sql:
        raise _refusal(what, text, "a form that cannot be written out safely", "simplify it")
    return sql


def _refusal(what: str, text: str, found: str, way_out: str) -> UserSqlError:
    return UserSqlError(f"the {what} {excerpt(text)!r} holds {found}; {way_out}")
