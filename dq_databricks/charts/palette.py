"""The colours of charts: plain ones for notebooks, and marks for pages that become CSS variables.

A renderer of SVG knows no CSS variables. So pages draw with colours that occur nowhere else, and
`themed` puts the variables of the stylesheet in their place: one picture, light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they stand for; safe for colour-blind eyes, told apart by shape as well."""

    ink: str
    faint: str
    line: str
    accent: str
    band: str
    surface: str
    verdicts: Mapping[str, str]
    font: str = "sans-serif"


NOTEBOOK = Palette(
    ink="#465164",
    faint="#5f6b7e",
    line="#dde1e8",
    accent="#4340bd",
    band="#e3e3f6",
    surface="#ffffff",
    verdicts={
        "pass": "#0a6a5a",
        "warn": "#835300",
        "fail": "#ad3018",
        "error": "#842a86",
        "no_data": "#4a586d",
        "skipped": "#4a586d",
    },
)

_VARIABLES = {
    "#010a01": "var(--ink-2)",
    "#010a02": "var(--ink-3)",
    "#010a03": "var(--line)",
    "#010a04": "var(--chart-1)",
    "#010a05": "var(--chart-band)",
    "#010a06": "var(--surface)",
    "#010a07": "var(--pass)",
    "#010a08": "var(--warn)",
    "#010a09": "var(--fail)",
    "#010a0b": "var(--error)",
    "#010a0c": "var(--none)",
}

PAGE = Palette(
    ink="#010a01",
    faint="#010a02",
    line="#010a03",
    accent="#010a04",
    band="#010a05",
    surface="#010a06",
    verdicts={
        "pass": "#010a07",
        "warn": "#010a08",
        "fail": "#010a09",
        "error": "#010a0b",
        "no_data": "#010a0c",
        "skipped": "#010a0c",
    },
)


def themed(picture: str) -> str:
    """An SVG drawn with PAGE, with the variables of the stylesheet for colours."""
    for colour, variable in _VARIABLES.items():
        picture = picture.replace(colour, variable)
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        picture = picture.replace(f"rgb({red}, {green}, {blue})", variable)
    return picture
