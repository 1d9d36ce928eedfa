"""Statements of migrations by their words: for texts that only one platform can parse, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from dq_databricks.errors import SqlError
from dq_databricks.sql.parse import shared_tree
from dq_databricks.sql.split import ScriptStatement

_QUIET = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
    r"|(?P<name>`(?:[^`]|``)*`)",
    re.DOTALL,
)
_NAME = r"(?:`(?:[^`]|``)+`|[\w{}]+)"
_TARGET = re.compile(
    r"\s*(?:UPDATE|DELETE\s+FROM|INSERT\s+(?:INTO|OVERWRITE)(?:\s+TABLE)?"
    r"|MERGE\s+(?:WITH\s+SCHEMA\s+EVOLUTION\s+)?INTO|COPY\s+INTO"
    r"|(?:CREATE|DROP|ALTER|TRUNCATE|RESTORE|REPLACE)\s+(?:OR\s+REPLACE\s+)?TABLE"
    r"(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)"
    rf"\s+(?P<name>{_NAME}(?:\s*\.\s*{_NAME})*)",
    re.IGNORECASE,
)

# What the engines of this project do not all understand, although Databricks does.
_ONLY_SOME: Sequence[tuple[str, str]] = (
    (r"\bCLUSTER\s+BY\b", "CLUSTER BY"),
    (r"\bPRIMARY\s+KEY\b", "PRIMARY KEY"),
    (r"\bFOREIGN\s+KEY\b", "FOREIGN KEY"),
    (r"^(GRANT|REVOKE)\b", "GRANT and REVOKE"),
    (r"\b(UN)?SET\s+TAGS\b", "tags"),
    (r"\bSET\s+OWNER\b", "SET OWNER"),
    (r"\b(DEEP|SHALLOW)\s+CLONE\b", "CLONE"),
    (r"\bAS\s+IDENTITY\b", "IDENTITY"),
    (r"\bGENERATED\s+(ALWAYS|BY\s+DEFAULT)\b", "GENERATED"),
    (r"^(CREATE|ALTER)\b.*\bDEFAULT\b", "DEFAULT"),
    (r"^CREATE\s+TABLE\b.*\bCHECK\s*\(", "CHECK inside CREATE TABLE (use ADD CONSTRAINT)"),
    (r"\bQUALIFY\b", "QUALIFY"),
    (r"\bWITH\s+SCHEMA\s+EVOLUTION\b", "WITH SCHEMA EVOLUTION"),
    (r"^INSERT\s+OVERWRITE\b|\bREPLACE\s+(WHERE|USING)\b", "overwriting by INSERT"),
    (r"^(CREATE\s+OR\s+)?REPLACE\s+TABLE\b", "REPLACE TABLE"),
    (r"^ALTER\b.*\b(DROP|RENAME)\s+COLUMNS?\b", "DROP and RENAME COLUMN"),
    (r"^ALTER\b.*\bREPLACE\s+COLUMNS\b", "REPLACE COLUMNS"),
    (r"^ALTER\b.*\bADD\s+COLUMNS?\s+IF\s+NOT\s+EXISTS\b", "ADD COLUMN IF NOT EXISTS"),
    (r"^ALTER\b.*\bRENAME\s+TO\b", "RENAME TO"),
    (r"^ALTER\b.*\bALTER\s+COLUMN\b(?!.*\bCOMMENT\b)", "ALTER COLUMN other than its comment"),
    (r"^CREATE\s+(OR\s+REPLACE\s+)?(?!OR\b|SCHEMA|TABLE|VIEW)\w+", "CREATE of other objects"),
    (
        r"^(OPTIMIZE|VACUUM|RESTORE|ANALYZE|REFRESH|COPY|CONVERT|UNDROP|BEGIN|SET|USE|DECLARE|CALL"
        r"|EXECUTE|REORG|FSCK|MSCK)\b",
        "this kind of statement",
    ),
)
_DESTROYS: Sequence[tuple[str, str]] = (
    (r"\bDROP\s+TABLE\b", "DROP TABLE removes rows"),
    (r"\bDROP\s+(SCHEMA|DATABASE)\b", "DROP SCHEMA removes tables"),
    (r"^ALTER\b.*\bDROP\s+COLUMNS?\b", "DROP COLUMN removes values"),
    (r"^ALTER\b.*\bREPLACE\s+COLUMNS\b", "REPLACE COLUMNS removes columns"),
    (r"\bDELETE\s+FROM\b|\bTHEN\s+DELETE\b", "DELETE removes rows"),
    (r"\bTRUNCATE\s+TABLE\b", "TRUNCATE removes rows"),
    (r"^RESTORE\b", "RESTORE undoes later changes"),
    (r"^VACUUM\b", "VACUUM removes older versions"),
    (r"^(CREATE\s+OR\s+)?REPLACE\s+TABLE\b", "CREATE OR REPLACE TABLE removes rows"),
    (r"^INSERT\s+OVERWRITE\b|\bREPLACE\s+(WHERE|USING)\b", "INSERT replaces rows"),
    (r"\bWHEN\s+MATCHED\s+THEN\s+UPDATE\b", "MERGE overwrites values without a condition on them"),
)
_BRINGS_ROWS = re.compile(
    r"^(UPDATE|INSERT|MERGE|RESTORE|COPY\s+INTO)\b|^CREATE\b.*\b(AS\s+(SELECT|WITH)|CLONE)\b",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a file under review.

    `words` is its text in upper case without strings, quoted names and comments. `tree` is None
    when it does not parse, `problem` then says why.
    """

    statement: ScriptStatement
    words: str
    tree: exp.Expression | None
    problem: str | None

    @property
    def target(self) -> str | None:
        """The table it changes, in lower case without quotes."""
        match = _TARGET.match(self.statement.text)
        return match and re.sub(r"[\s`]", "", match["name"]).lower()

    @property
    def brings_rows(self) -> bool:
        """Whether it writes rows or values into a table."""
        return bool(_BRINGS_ROWS.search(self.words))

    def has(self, pattern: str) -> bool:
        """Whether its words contain `pattern`."""
        return re.search(pattern, self.words, re.DOTALL) is not None

    def only_some_understand(self) -> str | None:
        """What in it the engines do not all understand."""
        return self._first(_ONLY_SOME)

    def destroys(self) -> str | None:
        """What it destroys, in words."""
        return self._first(_DESTROYS)

    def _first(self, patterns: Sequence[tuple[str, str]]) -> str | None:
        return next((what for pattern, what in patterns if self.has(pattern)), None)


def step_of(statement: ScriptStatement) -> Step:
    """`statement` with its words and its parse tree."""
    words = " ".join(_QUIET.sub(_blank, statement.text).upper().split())
    try:
        return Step(statement, words, shared_tree(statement.text), None)
    except SqlError as error:
        return Step(statement, words, None, str(error))


def _blank(match: re.Match[str]) -> str:
    return {"comment": " ", "string": "''"}.get(str(match.lastgroup), "name_")
