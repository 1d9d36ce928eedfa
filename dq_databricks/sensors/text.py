"""Sensors of text: blanks, patterns, lengths. Nulls are never counted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.column_types import TEXT
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import MeasureKind

Length = Annotated[int, Field(ge=0, le=2_147_483_647)]
_ZIPS = ExampleTable({"zip": "STRING"}, (("12345",), ("1234",), (None,), ("",), (" ",)))

BLANK_TEXT_COUNT = Sensor(
    name="blank_text_count",
    family="text",
    kind=MeasureKind.SCAN,
    measures="How many rows hold text that is empty or only spaces.",
    finding="are blank",
    accepts=TEXT,
    example=Example(_ZIPS, expected=2),
)

REGEX_MISMATCH_COUNT = Sensor(
    name="regex_mismatch_count",
    family="text",
    kind=MeasureKind.SCAN,
    measures="How many rows hold text in which the pattern is not found.",
    finding="do not match {pattern}",
    accepts=TEXT,
    parameters=(
        Parameter(
            "pattern",
            Annotated[str, Field(min_length=1)],
            "Regular expression to be found in the text; ^ and $ make it cover all of it.",
        ),
    ),
    example=Example(_ZIPS, parameters={"pattern": "^[0-9]{5}$"}, expected=3),
)

TEXT_LENGTH_OUTSIDE_COUNT = Sensor(
    name="text_length_outside_count",
    family="text",
    kind=MeasureKind.SCAN,
    measures="How many rows hold text shorter or longer than allowed, in characters.",
    finding="have a text length that is not {range}",
    accepts=TEXT,
    parameters=(
        Parameter("min_length", Length | None, "Fewest characters allowed.", None),
        Parameter("max_length", Length | None, "Most characters allowed.", None),
    ),
    example=Example(_ZIPS, parameters={"min_length": 1, "max_length": 4}, expected=2),
)
