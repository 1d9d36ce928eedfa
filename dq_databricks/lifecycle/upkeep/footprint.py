"""How much room the metadata takes: the live bytes of the tables that grow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dq_databricks.errors import EngineError
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.upkeep.describing import own_tables, read_detail
from dq_databricks.model.base import MutableRecord
from dq_databricks.model.tables import MODELS
from dq_databricks.sql.identifiers import TableName


def metadata_bytes(site: Site) -> int:
    """Bytes of the live files of all tables but those that people edit, which stay small.

    A table that cannot be described counts as empty: who runs tests is not held up by it.
    """
    edited = {site.table_name(m.TABLE) for m in MODELS if issubclass(m, MutableRecord)}
    growing = [name for name in own_tables(site) if name not in edited]

    def size(name: TableName) -> int:
        try:
            return read_detail(site, name).size_bytes or 0
        except EngineError:
            return 0

    with ThreadPoolExecutor(max(1, site.engine.facts.parallel_statements)) as pool:
        return sum(pool.map(size, growing))
