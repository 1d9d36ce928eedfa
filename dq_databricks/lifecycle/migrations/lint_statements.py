"""What is wrong with the statements of a migration, each looked at in its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from dq_databricks.engine.protocol import Capability
from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.migrations.batched import batched
from dq_databricks.lifecycle.migrations.lint_words import Step
from dq_databricks.lifecycle.shape.views import view_of
from dq_databricks.sql.portable import Finding, findings_of

CATALOG, SCHEMA = "{catalog}", "{schema}"
_ENGINES = frozenset({"databricks", *Capability})


@dataclass(frozen=True, slots=True)
class File:
    """The steps of one file. `restored` holds the tables its rollback writes rows into."""

    steps: tuple[Step, ...]
    is_rollback: bool = False
    restored: frozenset[str] = frozenset()


Problem = tuple[str, str]
Rule = Callable[[File, int], Iterator[Problem]]


def problems(file: File) -> Iterator[tuple[int, str, str]]:
    """Line, rule and message of everything that is wrong with the statements of `file`."""
    for number, step in enumerate(file.steps):
        for rule in _RULES:
            for name, message in rule(file, number):
                yield step.statement.line, name, message


def _portability(file: File, number: int) -> Iterator[Problem]:
    step = file.steps[number]
    if step.statement.only:
        for name in sorted(step.statement.only - _ENGINES):
            known = ", ".join(sorted(_ENGINES))
            yield "unknown-only", f"'-- only: {name}' is no engine or capability; known: {known}"
    elif (what := step.only_some_understand()) is not None:
        yield (
            "needs-only",
            f"{what}: only some engines understand it; mark it '-- only: databricks'",
        )
    elif step.tree is None:
        yield "unparsable", step.problem or "the statement does not parse"
    else:
        found = [one for one in findings_of(step.statement.text) if not _is_fine(one, step.tree)]
        for finding in found[:1]:
            yield "needs-only", f"{finding}; or mark it '-- only: databricks'"


def _is_fine(finding: Finding, tree: exp.Expression) -> bool:
    """Rows of INSERT need no column names, and a schema is not a table without a name."""
    is_insert = isinstance(tree, exp.Insert) and finding.what == "Values"
    is_schema = isinstance(tree, (exp.Create, exp.Drop)) and str(tree.kind).upper() == "SCHEMA"
    return is_insert or (is_schema and finding.what == "Table")


def _destruction(file: File, number: int) -> Iterator[Problem]:
    step = file.steps[number]
    what = step.destroys() or _overwrites(file, number)
    if what is None or step.statement.destructive is not None:
        return
    if step.target in file.restored:
        return
    way_out = "" if file.is_rollback else "restore it in the rollback file, or "
    yield "destructive", f"{what}; {way_out}say why it may: '-- destructive: why'"


def _overwrites(file: File, number: int) -> str | None:
    """Values an UPDATE replaces without looking at them; columns made by this file have none."""
    step = file.steps[number]
    if not isinstance(step.tree, exp.Update):
        return None
    made = _columns_made(file.steps[:number], step.target)
    blind = sorted({name for name, _ in _assigned(step.tree)} - _looked_at(step.tree) - made)
    return f"UPDATE overwrites {', '.join(blind)} without a condition on it" if blind else None


def _columns_made(steps: Sequence[Step], table: str | None) -> set[str]:
    trees = [step.tree for step in steps if step.tree is not None and step.target == table]
    return {
        column.name.lower()
        for tree in trees
        if isinstance(tree, (exp.Create, exp.Alter))
        for column in tree.find_all(exp.ColumnDef)
    }


def _repetition(file: File, number: int) -> Iterator[Problem]:
    step = file.steps[number]
    if step.statement.repeatable is None and (why := _why_not_twice(file, number)) is not None:
        yield "not-repeatable", f"{why}, or say why it may run twice: '-- repeatable: why'"


def _why_not_twice(file: File, number: int) -> str | None:
    step = file.steps[number]
    for pattern, way_out in _ONCE:
        if step.has(pattern):
            return way_out
    if step.has(r"^ALTER\b.*\bADD (COLUMN|COLUMNS)\b") and step.statement.only:
        return "ADD COLUMNS under '-- only:' fails the second time: leave out the mark"
    if isinstance(step.tree, exp.Update):
        return _update_twice(step.tree)
    if isinstance(step.tree, exp.Alter):
        return _constraint_twice(file, number)
    return _merge_twice(step.tree) if isinstance(step.tree, exp.Merge) else None


# What changes something each time it runs, or fails the second time, and the way out.
_ONCE: Sequence[tuple[str, str]] = (
    (r"^CREATE (?!OR\b)(?!.*\bIF NOT EXISTS\b)", "CREATE fails the second time: IF NOT EXISTS"),
    (r"^DROP (?!.*\bIF EXISTS\b)", "DROP fails the second time: add IF EXISTS"),
    (
        r"^ALTER\b.*\bDROP (COLUMNS?|CONSTRAINT|PRIMARY KEY|FOREIGN KEY)\b(?!.*\bIF EXISTS\b)",
        "DROP fails the second time: add IF EXISTS",
    ),
    (r"^INSERT INTO\b(?!.*\bREPLACE (WHERE|USING)\b)", "INSERT adds rows each time: use MERGE"),
    (r"^ALTER\b.*\bRENAME\b", "RENAME fails the second time: add and fill a new one"),
    (r"^ALTER\b.*\bADD COLUMN (?!IF\b)", "ADD COLUMN fails the second time: ADD COLUMNS (…)"),
    (r"^BEGIN\b", "a block is not looked into: write its statements apart"),
)


def _update_twice(tree: exp.Update) -> str | None:
    assigned, looked_at = _assigned(tree), _looked_at(tree)
    if not looked_at & {name for name, _ in assigned}:
        return "UPDATE finds the same rows again: name a column of SET in WHERE (… IS NULL)"
    return _own_value(assigned)


def _merge_twice(tree: exp.Merge) -> str | None:
    for when in tree.find_all(exp.When):
        if isinstance(then := when.args.get("then"), exp.Update):
            target = (tree.this.alias or tree.this.name).lower()
            if (why := _own_value(_assigned(then), target)) is not None:
                return why
    return None


def _own_value(assigned: Sequence[tuple[str, exp.Expression]], table: str = "") -> str | None:
    for name, value in assigned:
        for column in value.find_all(exp.Column):
            if column.name.lower() == name and (not table or column.table.lower() == table):
                return f"{name} is set from its own value, so each run changes it again"
    return None


def _constraint_twice(file: File, number: int) -> str | None:
    """Nothing can add a constraint only if it is missing, so it is dropped directly before."""
    step = file.steps[number]
    added = (
        step.tree.find(exp.Constraint) if step.tree and step.has(r"\bADD CONSTRAINT\b") else None
    )
    if added is None:
        return None
    name = added.name
    wanted = f"DROP CONSTRAINT IF EXISTS {name}"
    if added.find(exp.PrimaryKey) is not None:
        wanted = "DROP PRIMARY KEY IF EXISTS"
    before = file.steps[number - 1] if number else None
    if before is None or before.target != step.target or not _drops(before, name, added):
        return f"ADD CONSTRAINT {name} fails the second time: put {wanted} directly before it"
    if before.statement.only != step.statement.only:
        return f"ADD CONSTRAINT {name} and the DROP before it need the same '-- only:' mark"
    return None


def _drops(step: Step, name: str, added: exp.Expression) -> bool:
    if step.has(r"\bDROP PRIMARY KEY IF EXISTS\b"):
        return added.find(exp.PrimaryKey) is not None
    drop = step.tree.find(exp.Drop) if step.tree is not None else None
    if drop is None or not drop.args.get("exists"):
        return False
    targets = drop.args.get("tables") or [drop.this]
    return [target.name.lower() for target in targets] == [name.lower()]


def _place(file: File, number: int) -> Iterator[Problem]:
    """Every table is written under the placeholder, so that any schema can be migrated."""
    step = file.steps[number]
    if SCHEMA not in step.statement.text:
        yield "schema-name", "names no table as `{schema}`.table; only these can be migrated"
    elif step.tree is not None:
        own = {cte.alias for cte in step.tree.find_all(exp.CTE)}
        for table in step.tree.find_all(exp.Table):
            if not _is_placed(table) and table.name not in own:
                yield "schema-name", f"{table.sql('databricks')}: write it as `{{schema}}`.table"


def _is_placed(table: exp.Table) -> bool:
    if (table.catalog, table.db) == (CATALOG, SCHEMA):
        return True
    # The name of a dropped constraint, or a function in FROM, parses as a table.
    drops = isinstance(table.parent, exp.Drop) and isinstance(table.parent.parent, exp.Alter)
    return drops or isinstance(table.this, exp.Func) or not table.this


def _batches(file: File, number: int) -> Iterator[Problem]:
    step = file.steps[number]
    if step.statement.batch is not None and step.tree is not None:
        try:
            batched(step.statement)
        except MigrationError as error:
            yield "bad-batch", str(error).removeprefix(f"line {step.statement.line}: ")
    elif step.statement.batch is not None:
        yield "bad-batch", "a statement that works in batches must parse"


def _views(file: File, number: int) -> Iterator[Problem]:
    """A view names its columns where every engine reads them: in its SELECT."""
    view = view_of(file.steps[number].tree)
    if view is None:
        return
    if isinstance(view.this, exp.Schema):
        yield "view-columns", "name the columns of the view in its SELECT, not behind its name"
    if any(not isinstance(star.parent, exp.Count) for star in view.find_all(exp.Star)):
        yield "view-star", "name the columns of the view: a star is another list later"


_RULES: Sequence[Rule] = (_portability, _destruction, _repetition, _place, _batches, _views)


def _assigned(tree: exp.Update) -> list[tuple[str, exp.Expression]]:
    pairs = [pair for pair in tree.expressions if isinstance(pair, exp.EQ)]
    return [(pair.this.name.lower(), pair.expression) for pair in pairs]


def _looked_at(tree: exp.Update) -> set[str]:
    where = tree.args.get("where")
    return {column.name.lower() for column in where.find_all(exp.Column)} if where else set()
