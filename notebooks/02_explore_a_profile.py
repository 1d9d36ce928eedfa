# Databricks notebook source
# MAGIC %md
# MAGIC # 2 · Explore a profile
# MAGIC
# MAGIC **Shows:** the latest profile of a table in pictures: how full its columns are, where their
# MAGIC values lie, what looks odd, and what changed since the profile before.
# MAGIC
# MAGIC **Needs:** [1 · Quickstart]($./01_quickstart) once on the same table; `SELECT` on the
# MAGIC metadata schema. Only a word on an anomaly (last step) needs `MODIFY` there.
# MAGIC
# MAGIC **Takes:** half a minute. The table itself is not read.

# COMMAND ----------

# DBTITLE 1,What to look at
dbutils.widgets.text("catalog", "main", "Catalog of the metadata")
dbutils.widgets.text("schema", "dq_metadata", "Schema of the metadata")
dbutils.widgets.text("table", "samples.nyctaxi.trips", "Table to look at")
dbutils.widgets.text("dismiss", "", "Anomaly id to dismiss (empty: none)")

# COMMAND ----------

# DBTITLE 1,Open the latest profile
import pandas as pd

from dq_databricks import charts, open_quality

quality = open_quality(
    catalog=dbutils.widgets.get("catalog"),
    data_quality_schema=dbutils.widgets.get("schema"),
)
entry = quality.catalog.table(dbutils.widgets.get("table"))
columns = quality.profiles.latest_columns(entry.table_id)
profiled = columns[0]
print(f"{profiled.table_name}, version {profiled.table_version}")
print(f"{profiled.row_count or 0:,} rows, {len(columns)} columns")

# COMMAND ----------

# MAGIC %md
# MAGIC ## How full are the columns?

# COMMAND ----------

# DBTITLE 1,Nulls
displayHTML(charts.html(charts.nulls(columns), "Share of rows without a value"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where do the numbers lie?
# MAGIC
# MAGIC One picture a column: nine in ten values lie on the line, half of them in the bar, the light
# MAGIC mark is the median.

# COMMAND ----------

# DBTITLE 1,Spread of numbers
for column in columns:
    if column.quantiles:
        limits = f"{column.column_name}: from {column.min_value} to {column.max_value}"
        displayHTML(charts.html(charts.spread([column]), limits))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which values are frequent?

# COMMAND ----------

# DBTITLE 1,Most frequent values
for column in columns:
    if column.top_values:
        about = "" if column.distinct_is_exact else "about "
        title = f"{column.column_name}: {about}{column.distinct_count or 0:,} different values"
        displayHTML(charts.html(charts.values(column), title))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What looks odd?
# MAGIC
# MAGIC `prevalence` is the share of rows concerned. An anomaly is a hint, not a verdict; dismissed
# MAGIC ones stay dismissed in later profiles and raise no alert.

# COMMAND ----------

# DBTITLE 1,Anomalies by type
found = quality.anomalies(profiled.table_name, limit=500)
displayHTML(charts.html(charts.anomalies(found), f"{len(found)} anomalies by type"))
display(
    found.to_pandas()[
        [
            "anomaly_id",
            "severity",
            "anomaly_type",
            "column_name",
            "prevalence",
            "description",
            "disposition",
        ]
    ]
)

# COMMAND ----------

# DBTITLE 1,Dismiss one
anomaly_id = dbutils.widgets.get("dismiss")
if anomaly_id:
    dismissed = quality.profiles.dispose(anomaly_id, "dismissed")
    print(f"{dismissed.anomaly_type} of {dismissed.column_name}: {dismissed.disposition}")
else:
    print("Put an anomaly_id into the widget and run this cell again.")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What changed since the profile before?

# COMMAND ----------

# DBTITLE 1,The last two profiles side by side
two = quality.table_view.comparison(entry.table_id)
changes = []
if two.before and two.after:
    compared = quality.profiles.compare(two.before.profile_run_id, two.after.profile_run_id)
    changes = [
        (column.column_name, difference.measure, difference.before, difference.after)
        for table in compared
        if table.table_id == entry.table_id
        for column in table.columns
        for difference in column.differences
    ]
print(f"{len(changes)} measures differ from the last profile of other content")
display(pd.DataFrame(changes, columns=["column", "measure", "before", "after"]).astype(str))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What next
# MAGIC
# MAGIC - A test is too strict or too lax for what you saw: [3 · Tune a test]($./03_tune_a_test).
# MAGIC - The same numbers in SQL, for every run there was: [5 · Results with
# MAGIC   SQL]($./05_results_with_sql).
