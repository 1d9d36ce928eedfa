"""Every notebook holds to the format and the public face, and the linter sees what does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.notebook_lint import faults
from tests.support.notebooks import BREAK, FOLDER, HEADER, cells_of, paths, read_notebook

GOOD = BREAK.join(
    [
        f"{HEADER}\n# MAGIC %md\n# MAGIC # Title\n# MAGIC **Shows:** a **Needs:** b **Takes:** c",
        '# DBTITLE 1,Widgets\ndbutils.widgets.text("schema", "dq_metadata", "Schema")',
        "# DBTITLE 1,Open\nfrom dq_databricks import open_quality\nquality = open_quality()",
        "# DBTITLE 1,Rows\n# MAGIC %sql\n# MAGIC SELECT a FROM IDENTIFIER(:catalog || '.t')",
        "# MAGIC %md\n# MAGIC ## What next\n# MAGIC [on]($./there)\n",
    ]
)
TITLED = "# DBTITLE 1,X\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "there.py").touch()
    return tmp_path


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_notebook_has_no_faults(path: Path) -> None:
    assert faults(path.read_text("utf-8"), FOLDER) == []


def test_there_are_five_numbered_from_one_and_each_leads_on() -> None:
    names = [path.stem for path in paths()]
    assert [name[:2] for name in names] == ["01", "02", "03", "04", "05"]
    linked = {
        found
        for path in paths()
        for found in re.findall(r"\]\(\$\./([\w-]+)\)", read_notebook(path).cells[-1].text)
    }
    assert linked == set(names), "from the start every notebook is reached"


def test_the_guide_names_every_notebook() -> None:
    guide = (FOLDER.parent / "docs" / "notebooks.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)\.py`", guide, re.MULTILINE)) == {
        path.stem for path in paths()
    }


def test_cells_are_told_apart_and_lose_their_magics() -> None:
    assert [(cell.kind, cell.title) for cell in cells_of(GOOD)] == [
        ("md", ""), ("python", "Widgets"), ("python", "Open"), ("sql", "Rows"), ("md", ""),
    ]  # fmt: skip
    assert cells_of(GOOD)[3].text == "SELECT a FROM IDENTIFIER(:catalog || '.t')"


def test_what_is_as_it_should_be_has_no_faults(folder: Path) -> None:
    assert faults(GOOD, folder) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (HEADER, HEADER + " ", "the first line is not"),
        ("**Needs:**", "", "does not say '**Needs:**'"),
        ("# MAGIC # Title", "# MAGIC Title", "does not say '# '"),
        ("## What next", "## The end", "the last cell is not '## What next'"),
        ("[on]($./there)", "", "leads to no other notebook"),
        ("[on]($./there)", "[on]($./nowhere)", "there is no notebook nowhere"),
        (BREAK, "\n# COMMAND ----------\n", "a break between cells"),
        (BREAK, BREAK + "\n", "begins with an empty line"),
        ("# DBTITLE 1,Open\n", "", "it has no title"),
        ("%sql", "%pip", "only %md and %sql are used"),
        ("quality = open_quality()", "# MAGIC quality", "mixed"),
        ("import open_quality", "import settings", "dq_databricks settings is not the public face"),
        ("from dq_databricks import", "from dq_databricks.quality import", "is not the public"),
        ("from dq_databricks import open_quality", "import dq_databricks.store", "is not the pub"),
        ("from dq_databricks import open_quality", "import pyspark", "pyspark is not the public"),
        ("from dq_databricks import", "from . import", "is not the public face"),
        ("open_quality()", "open_quality().engine", ".engine is not for notebooks"),
        ("open_quality()", "open_quality()._store", "._store is not for notebooks"),
        ("open_quality()", "spark.sparkContext", ".sparkContext is not for notebooks"),
        ("open_quality()", "open_quality(schema='dq_metadata')", "the schema is fixed"),
        ("IDENTIFIER(:catalog || '.t')", "main.dq_metadata.t", "the schema is fixed"),
        ("IDENTIFIER(:catalog || '.t')", "main.other.t", "is not named by IDENTIFIER"),
        ("SELECT a FROM", "DELETE FROM", "it is not one SELECT"),
    ],
)
def test_every_fault_is_seen(folder: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in "\n".join(faults(GOOD.replace(old, new), folder))


def test_an_empty_cell_is_seen(folder: Path) -> None:
    assert "it is empty" in "\n".join(
        faults(GOOD.replace(BREAK, BREAK + TITLED + BREAK, 1), folder)
    )
