from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks.errors import SqlError
from dq_databricks.sql.render import Renderer, render


def test_names_are_quoted_and_values_bound() -> None:
    found = render(
        "SELECT {{ column | quote }} FROM {{ quote('s', 't') }} WHERE x = {{ bind(v) }}",
        column="a`b",
        v="O'Neil",
    )

    (name,) = found.parameters
    assert found.text == f"SELECT `a``b` FROM `s`.`t` WHERE x = :{name}"
    assert found.parameters == {name: "O'Neil"}


def test_equal_values_give_equal_text() -> None:
    source = "{{ bind(v) }}"

    assert render(source, v=1).text == render(source, v=1).text
    assert len({render(source, v=value).text for value in (1, 1.0, True, "1", None)}) == 5


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(SqlError, match="colum"):
        render("SELECT {{ colum }}", column="a")


def test_a_template_comes_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.sql.j2").write_text("SELECT {{ bind(1) }}\n")

    assert Renderer(tmp_path).render("a.sql.j2").text.startswith("SELECT :p_")
    with pytest.raises(SqlError, match=r"b\.sql\.j2"):
        Renderer(tmp_path).render("b.sql.j2")


def test_sql_is_no_markup() -> None:
    assert render("a {{ sign }} b", sign="<>").text == "a <> b"
