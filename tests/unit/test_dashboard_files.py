"""The dashboard files: current, in order, and every rule that says so seen red."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dq_databricks.lifecycle.migrations.scripts import shipped_scripts
from dq_databricks.lifecycle.shape.views import made_views
from tools import dashboard_lint
from tools.dashboard_lint import VERSIONS, lint, lint_folder, relations
from tools.dashboards import parts
from tools.dashboards.__main__ import FOLDER, main, outdated, texts

Json = dict[str, Any]
Change = Callable[[Json], object]


def test_the_files_are_current_and_in_order() -> None:
    assert outdated() == []
    assert lint_folder() == ()
    assert {path.name for path in FOLDER.iterdir()} == set(texts())
    assert main(["--check"]) == 0


def test_a_file_that_is_missing_changed_or_built_by_nobody_is_not_current(tmp_path: Path) -> None:
    for name, text in texts().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert outdated(tmp_path) == []
    (tmp_path / "cost.lvdash.json").unlink()
    (tmp_path / "runs.lvdash.json").write_text("{}", encoding="utf-8")
    (tmp_path / "mine.lvdash.json").write_text("{}", encoding="utf-8")
    assert outdated(tmp_path) == ["cost.lvdash.json", "mine.lvdash.json", "runs.lvdash.json"]


def test_every_view_is_shown_by_a_dashboard_or_by_another_view() -> None:
    queries = " ".join(texts().values())
    views = " ".join(script.text for script in shipped_scripts() if "VIEW" in script.text)
    read = {
        name
        for name in made_views(shipped_scripts())
        if re.search(rf"\b{name}\b", queries) or re.search(rf"(FROM|JOIN) \S*\b{name}\b", views)
    }
    assert read == made_views(shipped_scripts())


def test_views_and_tables_are_known_with_their_columns() -> None:
    assert relations()["v_pass_rate_by_day"][:3] == ("day", "project_key", "table_id")
    assert "uc_connection" in relations()["dq_connections"]


def test_the_guide_lists_every_view_as_the_migrations_make_it() -> None:
    guide = (FOLDER.parents[1] / "docs" / "dashboards.md").read_text(encoding="utf-8")
    sections = re.findall(r"### `(\w+)`\n\n(.*)\n\n([^#]*)", guide)
    told = {name: (what, tuple(re.findall(r"`(\w+)`", names))) for name, what, names in sections}
    text = "\n".join(script.text for script in shipped_scripts())
    made = re.findall(r"VIEW IF NOT EXISTS `{schema}`\.(\w+)\nCOMMENT '([^']*)'", text)
    assert told == {name: (comment, relations()[name]) for name, comment in made}
    assert told.keys() == made_views(shipped_scripts())


# --- every rule, red ------------------------------------------------------------------------


def good() -> Json:
    """The smallest dashboard with one of everything."""
    query = "SELECT\n  day,\n  kind,\n  scans\nFROM v_run_cost\nORDER BY day"
    return parts.dashboard(
        parts.page(
            "one",
            "One",
            (2, [parts.text("about", "About"), parts.choice("kinds", "Kind", "kind", "costs")]),
            (6, [parts.bars("scans", "Scans", "costs", ("day", "Day", parts.DAY), ("scans", "S"))]),
            (6, [parts.table("rows", "Rows", "costs", {"kind": "Kind", "scans": "Scans"})]),
        ),
        datasets=[parts.dataset("costs", "Costs", query)],
    )


def widget(content: Json, number: int) -> Json:
    return content["pages"][0]["layout"][number]["widget"]


def query(text: str) -> Change:
    def change(content: Json) -> None:
        content["datasets"][0]["queryLines"] = [f"{text}\n"]

    return change


def put(number: int, path: str, value: object) -> Change:
    """Set one part of the widget of this number; a whole number in the path counts."""

    def change(content: Json) -> None:
        part: Any = widget(content, number)
        *steps, last = path.split(".")
        for step in steps:
            part = part[int(step) if step.isdigit() else step]
        part[int(last) if last.isdigit() else last] = value

    return change


def place(number: int, **position: int) -> Change:
    return lambda c: c["pages"][0]["layout"][number]["position"].update(position)


ABOUT, CHOICE, CHART, TABLE = range(4)
FIELD = "queries.0.query.fields.0"
RED: list[tuple[str, Change]] = [
    ("bad-shape", lambda c: c.pop("pages")),
    ("dataset-twice", lambda c: c["datasets"].append(c["datasets"][0])),
    ("widget-twice", put(CHART, "name", "rows")),
    ("page-twice", lambda c: c["pages"].append(copy.deepcopy(c["pages"][0]))),
    ("unused-dataset", lambda c: c["datasets"].append({**c["datasets"][0], "name": "other"})),
    ("line-end", lambda c: c["datasets"][0].update(queryLines=["SELECT day, kind, scans", "\n"])),
    ("not-one-select", query("SELECT day, kind, scans FROM v_run_cost; SELECT 1")),
    ("not-one-select", query("DELETE FROM dq_tests")),
    ("qualified-name", query("SELECT day, kind, scans FROM dq_metadata.v_run_cost")),
    ("qualified-name", query("SELECT day, kind, scans FROM main.dq.v_run_cost")),
    ("unknown-table", query("SELECT day, kind, scans FROM v_run_costs")),
    ("unknown-column", query("SELECT day, kind, scan AS scans FROM v_run_cost")),
    ("unknown-column", query("SELECT day, kind, scans FROM v_run_cost WHERE v_run_cost.x = 1")),
    ("star", query("SELECT * FROM v_run_cost")),
    ("not-portable", query("SELECT day, kind, reverse(scans) AS scans FROM v_run_cost")),
    ("unknown-parameter", query("SELECT day, kind, scans FROM v_run_cost WHERE kind = :kind")),
    ("layout", lambda c: c["pages"][0].pop("layoutVersion")),
    ("page-type", lambda c: c["pages"][0].update(pageType="PAGE")),
    ("outside-grid", place(CHART, x=1)),
    ("outside-grid", place(CHART, height=0)),
    ("overlap", place(CHART, y=1)),
    ("empty-text", put(ABOUT, "multilineTextboxSpec.lines", [" \n"])),
    ("unknown-type", put(CHART, "spec.widgetType", "bars")),
    ("wrong-version", put(CHART, "spec.version", 2)),
    ("no-title", put(CHART, "spec.frame", {"showTitle": True, "title": " "})),
    ("no-title", put(TABLE, "spec.frame", {"title": "Rows"})),
    ("unknown-dataset", put(TABLE, "queries.0.query.datasetName", "nothing")),
    ("field-twice", put(TABLE, "queries.0.query.fields.1.name", "kind")),
    ("bad-expression", put(TABLE, f"{FIELD}.expression", "kind")),
    ("bad-expression", put(TABLE, f"{FIELD}.expression", "concat(`kind`, 'x')")),
    ("unknown-field", put(TABLE, f"{FIELD}.expression", "`kinds`")),
    ("unknown-field", put(CHART, f"{FIELD}.expression", 'DATE_TRUNC("DAY", `days`)')),
    ("main-query", put(TABLE, "queries.0.name", "query")),
    ("missing-encoding", put(CHART, "spec.encodings.y", None)),
    ("missing-encoding", put(CHOICE, "spec.encodings.fields", [])),
    ("encoding-without-field", put(TABLE, "spec.encodings.columns.0.fieldName", "day")),
    ("encoding-without-field", put(CHOICE, "spec.encodings.fields.0.fieldName", "day")),
    ("unused-field", put(TABLE, "spec.encodings.columns", [{"fieldName": "kind"}])),
    ("disaggregated", put(TABLE, "queries.0.query.disaggregated", False)),
    ("disaggregated", put(CHART, "queries.0.query.disaggregated", True)),
    ("filter-query", put(CHOICE, "spec.encodings.fields.0.queryName", "main_query")),
]  # fmt: skip


def test_the_smallest_dashboard_is_in_order() -> None:
    assert lint("d", json.dumps(good())) == ()


@pytest.mark.parametrize(("rule", "change"), RED, ids=[f"{n}-{r}" for n, (r, _) in enumerate(RED)])
def test_each_rule_finds_what_is_wrong(rule: str, change: Change) -> None:
    content = good()
    change(content)
    found = lint("d", json.dumps(content))
    assert rule in {finding.rule for finding in found}, found
    assert all(finding.message and finding.where for finding in found)


def test_what_is_no_dashboard_at_all_is_said(tmp_path: Path) -> None:
    assert [finding.rule for finding in lint("d", "{")] == ["not-json"]
    assert [finding.rule for finding in lint_folder(tmp_path)] == ["no-files"]
    (tmp_path / "d.lvdash.json").write_text("{", encoding="utf-8")
    assert "d.lvdash.json: file: not-json" in str(lint_folder(tmp_path)[0])


def test_every_rule_has_been_seen_red() -> None:
    source = Path(str(dashboard_lint.__file__)).read_text(encoding="utf-8")
    rules = set(re.findall(r'yield (?:where, |f"[^"]*", )?"([a-z-]+)", ', source))
    red = {rule for rule, _ in RED} - {"bad-shape", "dataset-twice", "widget-twice", "page-twice"}
    assert rules == red


@pytest.mark.parametrize("kind", sorted(VERSIONS))
def test_a_widget_of_another_version_is_refused(kind: str) -> None:
    content = good()
    widget(content, CHART)["spec"].update(widgetType=kind, version=VERSIONS[kind] + 1)
    assert "wrong-version" in {finding.rule for finding in lint("d", json.dumps(content))}


def test_the_command_says_what_is_wrong_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert dashboard_lint.main() == 0
    assert "in order" in capsys.readouterr().out
    monkeypatch.setattr(dashboard_lint, "lint_folder", lambda: lint_folder(tmp_path))
    assert dashboard_lint.main() == 1
    assert "no-files" in capsys.readouterr().out
