"""Which table properties people and migrations set, and which engines add by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify_parens

from dq_databricks.errors import SqlError
from dq_databricks.sql.parse import parse_statement

CHECK_PREFIX = "delta.constraints."

# What engines write unasked: protocol and table features, how files are laid out and tracked,
# bookkeeping of the catalog. They differ between engines and releases, so they are no part of a
# shape, whoever set them.
_BY_ENGINES = (
    r"delta\.feature\..*",
    r"delta\.min(Reader|Writer)Version",
    r"delta\.ignoreProtocolDefaults",
    r"delta\.(enable)?DeletionVectors",
    r"delta\.columnMapping\..*",
    r"delta\.(enableR|r)owTracking.*",
    r"delta\.checkpointPolicy",
    r"delta\.checkpoint\.write.*",
    r"delta\.lastCommitTimestamp",
    r"delta\.lastUpdateVersion",
    r"delta\.(enableI|i)nCommitTimestamp.*",
    r"delta\.(coordinatedCommits|catalogManaged)\b.*",
    r"delta\.parquet\.compression\.codec",
    r"delta\.workloadBased.*",
    r"delta\.clustering.*",
    r"clusteringColumns|clusterByAuto",
    r"(spark|io\.unitycatalog|unity|ucTable\w*|view|option)\..*",
    r"ucTableId|table_type|external|owner|transient_lastDdlTime|numFiles|totalSize|numRows",
)
_ADDED = re.compile("|".join(f"(?:{pattern})" for pattern in _BY_ENGINES), re.IGNORECASE)


def kept_properties(found: Mapping[str, str]) -> dict[str, str]:
    """The properties that belong to the shape: no CHECK constraints, none that engines add."""
    return {
        key: value
        for key, value in sorted(found.items())
        if not key.startswith(CHECK_PREFIX) and not _ADDED.fullmatch(key)
    }


def kept_checks(found: Mapping[str, str]) -> dict[str, str]:
    """The CHECK constraints among the properties of a table: name → condition, both normalised."""
    return {
        check_name(key.removeprefix(CHECK_PREFIX)): check_condition(value)
        for key, value in sorted(found.items())
        if key.startswith(CHECK_PREFIX)
    }


def check_name(name: str) -> str:
    """The name as Spark stores it: in lower case."""
    return name.lower()


def check_condition(text: str) -> str:
    """One spelling of a condition: engines keep blanks, quotes and operators as they like.

    What cannot be parsed stays as it is.
    """
    try:
        tree = parse_statement(f"SELECT {text} AS c")
    except SqlError:
        return " ".join(text.split())
    for column in tree.find_all(exp.Column):
        column.set("this", exp.to_identifier(column.name))
    condition = tree.expressions[0].this.transform(simplify_parens, None)
    return str(condition.unnest().sql("databricks"))
