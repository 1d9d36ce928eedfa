# Databricks notebook source
# MAGIC %md
# MAGIC # 4 · Write a sensor
# MAGIC
# MAGIC **Shows:** two ways to check what no check type says yet. A condition in SQL, stored as a
# MAGIC test without any code; and a sensor of your own with a rule and a check type, tried on its
# MAGIC example and on a table before it is anywhere.
# MAGIC
# MAGIC **Needs:** [1 · Quickstart]($./01_quickstart) once on the same table; `SELECT` on the table.
# MAGIC Storing the SQL test needs `MODIFY` on the metadata schema.
# MAGIC
# MAGIC **Takes:** 1 minute to run, 10 to read.

# COMMAND ----------

# DBTITLE 1,What to check
dbutils.widgets.text("catalog", "main", "Catalog of the metadata")
dbutils.widgets.text("schema", "dq_metadata", "Schema of the metadata")
dbutils.widgets.text("table", "samples.nyctaxi.trips", "Table to check")
dbutils.widgets.text("condition", "fare_amount > 0", "What holds for good rows (SQL)")
dbutils.widgets.text("column", "fare_amount", "A column of numbers")
dbutils.widgets.dropdown("store", "no", ["no", "yes"], "Store the SQL test")

# COMMAND ----------

# DBTITLE 1,Open
from dq_databricks import authoring, open_quality

table = dbutils.widgets.get("table")
column = dbutils.widgets.get("column")
quality = open_quality(
    catalog=dbutils.widgets.get("catalog"),
    data_quality_schema=dbutils.widgets.get("schema"),
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Without code: SQL of your own
# MAGIC
# MAGIC | check type | you write | passes when |
# MAGIC | --- | --- | --- |
# MAGIC | `sql_condition` | a condition that holds for good rows | few enough rows break it |
# MAGIC | `sql_query_rows` | one `SELECT` for bad rows of `{table}` | it returns few enough rows |
# MAGIC | `sql_query_value` | one `SELECT` for one number of `{table}` | it lies between limits |
# MAGIC
# MAGIC The SQL is parsed: it must be one condition or one `SELECT`, of functions that every engine
# MAGIC answers alike.

# COMMAND ----------

# DBTITLE 1,Try a condition
condition = {"condition_sql": dbutils.widgets.get("condition")}
trial = quality.authoring.try_check(
    quality.authoring.check_type("sql_condition"), table, parameters=condition
)
print(trial.verdict.status.value, "·", trial.verdict.message)
print(trial.statements[0])

# COMMAND ----------

# DBTITLE 1,Store it as a test
if dbutils.widgets.get("store") == "yes":
    added = quality.add_test(table, "sql_condition", parameters=condition, severity="warning")
    print(f"Stored as test {added.test_id}; it runs with all others of the table")
else:
    print("Not stored. Set the widget to yes and run this cell again.")

# COMMAND ----------

# MAGIC %md
# MAGIC ## How a sensor is written
# MAGIC
# MAGIC A sensor measures one number: an entry says what, a template says how. Here is one of the
# MAGIC catalog.

# COMMAND ----------

# DBTITLE 1,An entry and its template
entry = quality.authoring.sensor("values_outside_count")
print(entry.measures)
print(f"{entry.name}, a {entry.kind.value} of a {entry.scope.value}: {sorted(entry.accepts)}")
for parameter in entry.parameters:
    print(f"  {parameter.name}: {parameter.help}")
print(quality.authoring.template(entry.name))

# COMMAND ----------

# DBTITLE 1,Its example, rendered and measured
shown = quality.authoring.try_sensor(entry)
print(shown.sql)
print(f"promised {shown.expected}, measured {shown.measured}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A sensor of your own
# MAGIC
# MAGIC Numbers that people type from memory are often round. The sensor counts them. Names are
# MAGIC quoted and values bound by the template's helpers (`quote`, `bind`, `literal`), never
# MAGIC pasted. The example is small enough to check by eye: of four rows two are whole, one has no
# MAGIC value.

# COMMAND ----------

# DBTITLE 1,Entry and template
WHOLE_NUMBER_COUNT = authoring.Sensor(
    name="whole_number_count",
    family="numbers",
    kind=authoring.MeasureKind.SCAN,
    measures="How many rows hold a number without a fraction. Nulls are not counted.",
    finding="are whole numbers",
    accepts=authoring.NUMERIC,
    example=authoring.Example(
        authoring.ExampleTable({"amount": "DOUBLE"}, ((2.0,), (2.5,), (-1.0,), (None,))),
        expected=2,
    ),
)
TEMPLATE = "count(CASE WHEN {{ quote(column.name) }} % 1 = 0 THEN 1 END)"

# COMMAND ----------

# MAGIC %md
# MAGIC What not every engine answers alike is not measured but named, with what to write instead:
# MAGIC try `floor(x)` in the template.

# COMMAND ----------

# DBTITLE 1,Does it keep its promise?
trial = quality.authoring.try_sensor(WHOLE_NUMBER_COUNT, TEMPLATE)
print(trial.sql)
print(f"promised {trial.expected}, measured {trial.measured}")
print(f"without rows: promised {trial.expected_on_empty}, measured {trial.measured_on_empty}")
for finding in trial.findings:
    print(f"not portable: {finding}")
print("right" if trial.is_right else "NOT RIGHT YET")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A rule and a check type
# MAGIC
# MAGIC A rule judges: a pure function from a readout to a verdict. Its keyword parameters become
# MAGIC those of the check type, the first line of its docstring is its arithmetic. There are ready
# MAGIC ones too; `at_most_percent` would do here.

# COMMAND ----------

# DBTITLE 1,Rule and check type
HALF = 0.5


@authoring.rule
def share_at_most(readout: authoring.Readout, *, max_share: float = HALF) -> authoring.Verdict:
    """Passes when value ÷ row_count ≤ max_share."""
    expected = f"at most {max_share:.0%}"
    if not readout.row_count or not isinstance(readout.value, int):
        return authoring.nothing_measured(readout, expected)
    share = readout.value / readout.row_count
    return authoring.verdict(
        passed=share <= max_share,
        expected=expected,
        actual=f"{share:.1%}",
        message=f"{readout.value:,} of {readout.row_count:,} rows {readout.finding}",
        judged=share,
        upper=max_share,
    )


FEW_WHOLE_NUMBERS = authoring.CheckType(
    name="few_whole_numbers",
    description="Few rows hold a number that looks typed from memory.",
    sensor=WHOLE_NUMBER_COUNT,
    rule=share_at_most,
    dimension=authoring.Dimension.ACCURACY,
    severity=authoring.Severity.WARNING,
)

# COMMAND ----------

# DBTITLE 1,Judge a real table
for max_share in (0.1, 1.0):
    trial = quality.authoring.try_check(
        FEW_WHOLE_NUMBERS,
        table,
        columns=[column],
        parameters={"max_share": max_share},
        template=TEMPLATE,
    )
    print(trial.verdict.status.value, "·", trial.verdict.message)
print(trial.statements[0])

# COMMAND ----------

# MAGIC %md
# MAGIC ## Into the catalog
# MAGIC
# MAGIC The catalog is found by where things stand; there is no list to add to. In a checkout of the
# MAGIC project:
# MAGIC
# MAGIC | what | where |
# MAGIC | --- | --- |
# MAGIC | the entry | `dq_databricks/sensors/numbers.py` |
# MAGIC | the template | `dq_databricks/sensors/templates/numbers/whole_number_count.sql.j2` |
# MAGIC | the rule, if new | `dq_databricks/rules/counts.py` |
# MAGIC | the check type | `dq_databricks/checks/validity.py` |
# MAGIC
# MAGIC `make test` then measures the example on every engine, and `databricks bundle deploy` brings
# MAGIC the wheel to the jobs.

# COMMAND ----------

# MAGIC %md
# MAGIC ## What next
# MAGIC
# MAGIC - See what all tests found so far: [5 · Results with SQL]($./05_results_with_sql).
# MAGIC - Give the new test better limits: [3 · Tune a test]($./03_tune_a_test).
