# Databricks notebook source
# MAGIC %md
# MAGIC # 1 · Quickstart
# MAGIC
# MAGIC **Shows:** the whole way once: make the metadata tables, profile a table, let tests be
# MAGIC proposed from what the profile saw, run them, and read why one verdict is what it is.
# MAGIC
# MAGIC **Needs:** `SELECT` on the table; `USE CATALOG` on the catalog and, the first time, `CREATE
# MAGIC SCHEMA` there (later `MODIFY` on the metadata schema). Serverless compute, or a cluster of
# MAGIC Databricks Runtime 17.3 LTS or newer.
# MAGIC
# MAGIC **Takes:** 5 minutes the first time, of which the metadata tables are most; 1 to 2 minutes
# MAGIC later.
# MAGIC
# MAGIC **Install:** add the wheel of the project, with its extra `charts`, to the environment of
# MAGIC this notebook (*Environment* panel on serverless, *Libraries* on a cluster). `databricks
# MAGIC bundle deploy` builds it and uploads it. Then run all cells: the defaults above work in
# MAGIC every workspace that has the `samples` catalog.

# COMMAND ----------

# DBTITLE 1,What to look at
dbutils.widgets.text("catalog", "main", "Catalog of the metadata")
dbutils.widgets.text("schema", "dq_metadata", "Schema of the metadata")
dbutils.widgets.text("table", "samples.nyctaxi.trips", "Table to look at")

# COMMAND ----------

# DBTITLE 1,Open
from dq_databricks import charts, open_quality

table = dbutils.widgets.get("table")
quality = open_quality(
    catalog=dbutils.widgets.get("catalog"),
    data_quality_schema=dbutils.widgets.get("schema"),
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Make the metadata tables
# MAGIC
# MAGIC Everything the project knows is kept in Delta tables of one schema of yours. `migrate`
# MAGIC creates and upgrades it; repeating it changes nothing.

# COMMAND ----------

# DBTITLE 1,Migrate
migrated = quality.migrate()
print(f"{migrated.catalog}.{migrated.schema} is at version {migrated.version}")
print(f"{len(migrated.applied)} migrations applied now")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Profile
# MAGIC
# MAGIC Every column is measured, each read once. What the Delta log proves (rows, nulls, smallest,
# MAGIC largest) is not read at all.

# COMMAND ----------

# DBTITLE 1,Measure every column
profile = quality.profile(table)
columns = profile.to_pandas()
display(
    columns[
        [
            "column_name",
            "data_type",
            "semantic_type",
            "null_count",
            "distinct_count",
            "min_value",
            "max_value",
        ]
    ]
)

# COMMAND ----------

# DBTITLE 1,What looks odd
odd = quality.anomalies(table, limit=500).to_pandas()
display(odd[["severity", "anomaly_type", "column_name", "prevalence", "description", "suggestion"]])

# COMMAND ----------

# MAGIC %md
# MAGIC ## Propose tests
# MAGIC
# MAGIC Each test says why it is proposed. A test that somebody edits is locked: later proposals
# MAGIC leave it alone.

# COMMAND ----------

# DBTITLE 1,Store the proposals
quality.propose(table, apply=True)
tests = quality.tests(table, limit=500).to_pandas()
display(tests[["name", "rule_type", "column_name", "severity", "reason"]])

# COMMAND ----------

# MAGIC %md
# MAGIC ## Run the tests

# COMMAND ----------

# DBTITLE 1,How they will be answered
(plan,) = quality.plan(table)
print(plan.summary)

# COMMAND ----------

# DBTITLE 1,Run
report = quality.test(table)
displayHTML(charts.html(charts.verdicts(report.counts), f"Verdicts on {table}"))

# COMMAND ----------

# DBTITLE 1,Results, the failing ones first
results = report.to_pandas()
display(
    results[
        ["result_status", "test_name", "expected_value", "actual_value", "message", "table_version"]
    ]
)

# COMMAND ----------

# DBTITLE 1,Why the first verdict is what it is
explained = quality.explain(report.results[0].result_id)
print(explained.check_description)
print(explained.result.message)
print(explained.result.statement_text or "answered by metadata, without a statement")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What next
# MAGIC
# MAGIC - Look at distributions, nulls and anomalies: [2 · Explore a
# MAGIC   profile]($./02_explore_a_profile).
# MAGIC - Tests that fail raise alerts and open incidents; [5 · Results with
# MAGIC   SQL]($./05_results_with_sql) lists them.
# MAGIC - To run this every day, deploy the bundle: its jobs `profile` and `test` call the same two
# MAGIC   verbs.
