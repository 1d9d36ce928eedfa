# Databricks notebook source
# MAGIC %md
# MAGIC # 3 · Tune a test
# MAGIC
# MAGIC **Shows:** what a test measured run by run against its limits; what other limits would say
# MAGIC now and would have said after past commits of the table; and how the change is stored so
# MAGIC that nobody overwrites anybody.
# MAGIC
# MAGIC **Needs:** [1 · Quickstart]($./01_quickstart) once on the same table; `SELECT` on the table
# MAGIC and on the metadata schema. Storing the change needs `MODIFY` there.
# MAGIC
# MAGIC **Takes:** about a minute. Each past version is measured anew: ten versions read the column
# MAGIC ten times.

# COMMAND ----------

# DBTITLE 1,What to tune
dbutils.widgets.text("catalog", "main", "Catalog of the metadata")
dbutils.widgets.text("schema", "dq_metadata", "Schema of the metadata")
dbutils.widgets.text("table", "samples.nyctaxi.trips", "Table to look at")
dbutils.widgets.text("test_id", "", "Test (empty: one with limits)")
dbutils.widgets.text("parameter", "", "Parameter to change (empty: its first number)")
dbutils.widgets.text("value", "", "Its new value (empty: a tenth more)")
dbutils.widgets.text("versions", "10", "Past versions to try")
dbutils.widgets.dropdown("store", "no", ["no", "yes"], "Store the change")

# COMMAND ----------

# DBTITLE 1,Open
import json

import pandas as pd

from dq_databricks import charts, open_quality

table = dbutils.widgets.get("table")
quality = open_quality(
    catalog=dbutils.widgets.get("catalog"),
    data_quality_schema=dbutils.widgets.get("schema"),
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The test and its history

# COMMAND ----------

# DBTITLE 1,Choose the test
test_id = dbutils.widgets.get("test_id")


def numbers_of(test):
    """The parameters of a test that are numbers, by name."""
    given = json.loads(test.definition)["parameters"]
    return {name: value for name, value in given.items() if type(value) in (int, float)}


if not test_id:
    tunable = [test for test in quality.tests(table, limit=500) if numbers_of(test)]
    test_id = tunable[0].test_id
test = quality.show_test(test_id)
print(f"{test.name} ({test.rule_type}), version {test.version}: {test.reason or 'written by hand'}")

# COMMAND ----------

# DBTITLE 1,Its parameters
(check,) = quality.checks(test.rule_type)
given = json.loads(test.definition)["parameters"]
print(f"{check.measures} {check.passes}")
display(
    pd.DataFrame(
        [
            (one.name, one.type, str(given.get(one.name, one.default)), one.help)
            for one in check.parameters
        ],
        columns=["parameter", "type", "value", "help"],
    )
)

# COMMAND ----------

# DBTITLE 1,What it measured, run by run
results = quality.results(test_id=test_id, limit=200)
displayHTML(
    charts.html(charts.history(results), f"{test.name}: {len(results)} runs against their limits")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Try another limit
# MAGIC
# MAGIC `try_test` measures and judges now; nothing is stored and nobody is alerted.

# COMMAND ----------

# DBTITLE 1,The change
parameter = dbutils.widgets.get("parameter") or next(iter(numbers_of(test)))
now = numbers_of(test).get(parameter, 0)
value = dbutils.widgets.get("value") or str(now + max(1, abs(now) // 10))
change = quality.parameters(test.rule_type, {parameter: value})
print(f"{parameter}: {now} → {change[parameter]}")

# COMMAND ----------

# DBTITLE 1,Both side by side
tried = [
    (name, one.result_status.value, one.expected_value, one.actual_value, one.message)
    for name, one in (
        ("as stored", quality.trying.try_test(test_id)),
        ("as tried", quality.trying.try_test(test_id, parameters=change)),
    )
]
display(pd.DataFrame(tried, columns=["limits", "verdict", "expected", "actual", "message"]))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Backtest
# MAGIC
# MAGIC The same change against past versions of the table: how often would it have been an alarm?
# MAGIC Versions that were vacuumed away are errors.

# COMMAND ----------

# DBTITLE 1,What it would have said
past = quality.trying.backtest(
    test_id, parameters=change, versions=int(dbutils.widgets.get("versions"))
)
alarms = sum(one.result_status == "fail" for one in past)
displayHTML(
    charts.html(
        charts.history(past), f"{alarms} alarms in the last {len(past)} versions of the table"
    )
)
display(
    pd.DataFrame(
        [
            (one.table_version, one.detected_at, one.result_status.value, one.actual_value)
            for one in past
        ],
        columns=["version", "committed", "verdict", "actual"],
    )
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Store it
# MAGIC
# MAGIC The edit names the version it was made from. If somebody else was faster, it is refused and
# MAGIC says so. An edited test is locked: proposals leave it alone.

# COMMAND ----------

# DBTITLE 1,Edit with the version that was seen
if dbutils.widgets.get("store") == "yes":
    test = quality.edit_test(test_id, expected_version=test.version, parameters=change)
    print(f"Stored as version {test.version}")
else:
    print("Not stored. Set the widget to yes and run this cell again.")

# COMMAND ----------

# DBTITLE 1,Every version there was
versions = quality.history.versions(test_id).to_pandas()
display(versions[["version", "change", "changed_by", "created_at"]])

# COMMAND ----------

# MAGIC %md
# MAGIC ## What next
# MAGIC
# MAGIC - Back to an earlier version: `quality.history.roll_back(test_id, version)`.
# MAGIC - No check type says what you mean: [4 · Write a sensor]($./04_write_a_sensor).
# MAGIC - Run it again: [1 · Quickstart]($./01_quickstart), or wait for the next scheduled run.
