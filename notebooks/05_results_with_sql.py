# Databricks notebook source
# MAGIC %md
# MAGIC # 5 · Results with SQL
# MAGIC
# MAGIC **Shows:** the metadata as what it is, Delta tables: what fails now, the pass rate by table,
# MAGIC open incidents, runs and schedules. In SQL, then in a picture.
# MAGIC
# MAGIC **Needs:** [1 · Quickstart]($./01_quickstart) once; `SELECT` on the metadata schema, nothing
# MAGIC else.
# MAGIC
# MAGIC **Takes:** half a minute.

# COMMAND ----------

# DBTITLE 1,Where the metadata is
dbutils.widgets.text("catalog", "main", "Catalog of the metadata")
dbutils.widgets.text("schema", "dq_metadata", "Schema of the metadata")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is wrong now
# MAGIC
# MAGIC `:catalog` and `:schema` are the widgets above; the names of tables are put together by
# MAGIC `IDENTIFIER`, so the cells work for every schema. Names that begin with `v_` are views: only
# MAGIC what complete runs found, nothing that was removed.

# COMMAND ----------

# DBTITLE 1,Active tests with their latest verdict
# MAGIC %sql
# MAGIC SELECT table_name, test_name, severity, result_status, measured_value, message
# MAGIC FROM IDENTIFIER(:catalog || '.' || :schema || '.v_active_tests')
# MAGIC ORDER BY result_status = 'pass', table_name, test_name

# COMMAND ----------

# DBTITLE 1,Open incidents, the worst first
# MAGIC %sql
# MAGIC SELECT severity, status, title, table_name, failure_count, first_seen, assigned_to
# MAGIC FROM IDENTIFIER(:catalog || '.' || :schema || '.v_open_incidents')
# MAGIC ORDER BY
# MAGIC   CASE severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END,
# MAGIC   last_seen DESC

# COMMAND ----------

# MAGIC %md
# MAGIC ## How it goes
# MAGIC
# MAGIC The rate is of the last seven days, among what was judged: `pass`, `warn` and `fail`.

# COMMAND ----------

# DBTITLE 1,Pass rate by table
# MAGIC %sql
# MAGIC SELECT table_name, pass_rate, results, passed, warned, failed, errors
# MAGIC FROM IDENTIFIER(:catalog || '.' || :schema || '.v_pass_rate_by_table')
# MAGIC ORDER BY pass_rate, table_name

# COMMAND ----------

# DBTITLE 1,Runs, the newest first
# MAGIC %sql
# MAGIC SELECT started_at, status, trigger_source, table_name, total_tests, duration_ms
# MAGIC FROM IDENTIFIER(:catalog || '.' || :schema || '.v_runs')
# MAGIC ORDER BY started_at DESC
# MAGIC LIMIT 50

# COMMAND ----------

# DBTITLE 1,When work is asked for next
# MAGIC %sql
# MAGIC SELECT name, kind, target_type, cron, timezone, next_run_at, last_run_at, missed_count
# MAGIC FROM IDENTIFIER(:catalog || '.' || :schema || '.dq_schedules')
# MAGIC WHERE is_enabled AND deleted_at IS NULL
# MAGIC ORDER BY next_run_at

# COMMAND ----------

# MAGIC %md
# MAGIC ## In a picture
# MAGIC
# MAGIC The public face reads the same tables and gives typed rows; `charts` draws them.

# COMMAND ----------

# DBTITLE 1,Pass rate run by run
from dq_databricks import charts, open_quality

quality = open_quality(
    catalog=dbutils.widgets.get("catalog"),
    data_quality_schema=dbutils.widgets.get("schema"),
)
runs = quality.runs(limit=200)
displayHTML(charts.html(charts.pass_rates(runs), f"Pass rate of the last {len(runs)} runs"))

# COMMAND ----------

# DBTITLE 1,Verdicts of the last results
results = quality.results(limit=500)
displayHTML(charts.html(charts.verdicts(results), f"The last {len(results)} results"))
display(results.to_pandas()[["detected_at", "table_name", "test_name", "result_status", "message"]])

# COMMAND ----------

# MAGIC %md
# MAGIC ## What next
# MAGIC
# MAGIC - Something fails that should not: [3 · Tune a test]($./03_tune_a_test).
# MAGIC - Another table: [1 · Quickstart]($./01_quickstart).
# MAGIC - The same, ready made: the dashboards of the bundle, `overview`, `runs`, `table_detail` and
# MAGIC   `cost`.
