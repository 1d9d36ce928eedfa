"""Each rule of the dashboards' lint finds its fault, and the dashboards have none."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.dashboard_lint.__main__ import lint, main
from tools.dashboard_lint.rules import findings
from tools.dashboards.__main__ import FOLDER, files
from tools.dashboards.widgets import (
    Dataset,
    Field,
    Place,
    bar,
    choice,
    counter,
    dashboard,
    summed,
    table,
    text,
)

DAYS = Dataset("days", "Days", "SELECT day, table_name, passed\nFROM v_pass_rate_by_day")


def sound() -> dict[str, Any]:
    layout = [
        text("words", Place(0, 0, 12, 1), "Words."),
        choice("which", Place(0, 1, 6, 2), "Table", "table_name", [DAYS], many=False),
        counter("number", Place(6, 1, 6, 2), DAYS, Field("passed", "Passed")),
        bar("bars", Place(0, 3, 6, 4), DAYS, "Passed a day", x=Field("day", "Day"),
            y=summed("passed", "Passed")),
        table("rows", Place(6, 3, 6, 4), DAYS, "Days", [Field("day", "Day")]),
    ]  # fmt: skip
    return copy.deepcopy(dashboard("d", "D", [DAYS], layout))


def widget(document: dict[str, Any], name: str) -> dict[str, Any]:
    layout = document["pages"][0]["layout"]
    return next(item["widget"] for item in layout if item["widget"]["name"] == name)


def query_of(document: dict[str, Any], sql: str) -> None:
    document["datasets"][0]["queryLines"] = [sql]


def field_of(document: dict[str, Any], expression: str) -> None:
    widget(document, "rows")["queries"][0]["query"]["fields"][0]["expression"] = expression


def position_of(document: dict[str, Any], **at: int) -> None:
    document["pages"][0]["layout"][3]["position"].update(at)


Change = Callable[[dict[str, Any]], Any]
FAULTS: dict[str, Change] = {
    "there is no view v_none": lambda d: query_of(d, "SELECT day FROM v_none"),
    "cannot be resolved|not be resolved|nowhere": lambda d: query_of(
        d, "SELECT day, table_name, passed, nowhere FROM v_pass_rate_by_day"
    ),
    "names a schema: write v_pass_rate_by_day": lambda d: query_of(
        d, "SELECT day, table_name, passed FROM dq_metadata.v_pass_rate_by_day"
    ),
    "it is no SELECT": lambda d: query_of(d, "DELETE FROM v_pass_rate_by_day"),
    "it does not parse": lambda d: query_of(d, "SELECT FROM ("),
    "needs a line break": lambda d: d["datasets"][0].update(
        queryLines=["SELECT day, table_name, passed", " FROM v_pass_rate_by_day"]
    ),
    "column 'day': it stands 2 times": lambda d: query_of(
        d, "SELECT day, day, table_name, passed FROM v_pass_rate_by_day"
    ),
    "it has no displayName": lambda d: d["datasets"][0].pop("displayName"),
    "dataset 'days': it stands 2 times": lambda d: d["datasets"].append(d["datasets"][0]),
    "no widget shows it": lambda d: d["datasets"].append({**d["datasets"][0], "name": "idle"}),
    "dataset days has no column failed": lambda d: field_of(d, "`failed`"),
    "there is no dataset 'gone'": lambda d: widget(d, "rows")["queries"][0]["query"].update(
        datasetName="gone"
    ),
    "field 'week' is in none of its queries": lambda d: widget(d, "bars")["spec"]["encodings"][
        "x"
    ].update(fieldName="week"),
    "it has no query 'gone'": lambda d: widget(d, "which")["spec"]["encodings"]["fields"][0].update(
        queryName="gone"
    ),
    "version 3 of table is refused; write 2": lambda d: widget(d, "rows")["spec"].update(version=3),
    "no widget is of the kind 'bars'": lambda d: widget(d, "bars")["spec"].update(
        widgetType="bars"
    ),
    "it shows no title": lambda d: widget(d, "rows")["spec"].pop("frame"),
    "neither a spec nor words": lambda d: widget(d, "words").pop("multilineTextboxSpec"),
    "widget 'rows': it stands 2 times": lambda d: widget(d, "bars").update(name="rows"),
    "does not fit into 12 columns": lambda d: position_of(d, width=13),
    "bars: it overlaps rows": lambda d: position_of(d, width=7),
    "layoutVersion must be GRID_V1": lambda d: d["pages"][0].pop("layoutVersion"),
    "pageType 'PAGE' is not known": lambda d: d["pages"][0].update(pageType="PAGE"),
}


def test_a_sound_dashboard_has_no_findings() -> None:
    assert list(findings(sound())) == []


@pytest.mark.parametrize("told", FAULTS)
def test_every_rule_finds_its_fault(told: str) -> None:
    document = sound()
    FAULTS[told](document)
    found = list(findings(document))
    assert any(part in finding for finding in found for part in told.split("|")), found


def test_the_dashboards_are_sound_and_what_their_builder_makes() -> None:
    assert list(lint(sorted(FOLDER.glob("*.lvdash.json")))) == []
    assert {path: path.read_text("utf-8") for path in files()} == files()
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in files()}


def test_the_command_names_the_file_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = sound()
    field_of(document, "`failed`")
    bad, broken = tmp_path / "bad.lvdash.json", tmp_path / "broken.lvdash.json"
    bad.write_text(json.dumps(document))
    broken.write_text("{")
    assert main([str(bad), str(broken)]) == 1
    told = capsys.readouterr().out
    assert f"{bad}: widget rows" in told
    assert f"{broken}: it cannot be read" in told
