"""Our own SQL keeps to the portable subset; so does every text added to the list below."""

from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks.errors import UnsupportedError
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.portable import check_portable, require_portable
from dq_databricks.sql.split import split_statements

DDL = Path(__file__).parents[2] / "ddl"


@pytest.mark.parametrize("path", sorted(DDL.rglob("*.sql")), ids=lambda path: path.stem)
def test_unmarked_statements_of_the_ddl_are_portable(path: Path) -> None:
    script = path.read_text(encoding="utf-8")

    for statement in split_statements(script):
        if not statement.only:
            require_portable(statement.text)


@pytest.mark.parametrize(
    ("text", "what", "way_out"),
    [
        ("SELECT hash(a) FROM t", "function hash", "md5"),
        ("SELECT sha2(a, 512) FROM t", "function sha2", "256"),
        ("SELECT iff(a, 1, 2) FROM t", "function iff", "if"),
        ("SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", "Qualify", "subquery"),
        ("SELECT a FROM t WHERE a RLIKE 'x$'", "regexp_like", "z"),
        ("SELECT * FROM t TABLESAMPLE (10 ROWS)", "TableSample", "md5"),
        ("SELECT try_cast('2024' AS DATE)", "try_cast", "in full"),
    ],
)
def test_what_is_not_portable_is_named_with_a_way_out(text: str, what: str, way_out: str) -> None:
    findings = [str(finding) for finding in check_portable(parse_statement(text))]

    with pytest.raises(UnsupportedError, match=what):
        require_portable(text)
    assert not findings or any(way_out in finding for finding in findings)
