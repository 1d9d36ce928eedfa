"""Create or upgrade the metadata schema, then give the grants that are asked for.

Harmless to repeat: what is applied already is left alone. Run it before everything else, and
after every new version of the software.

Parameters, by name; an empty one counts as not given:
  --catalog, --schema   the metadata schema; DQ_CATALOG and DQ_SCHEMA by default
  --project             project of tables that are new under watch; DQ_PROJECT by default
  --readers             roles that may read the metadata, separated by commas (DQ_READERS)
  --writer              service principal that writes the metadata (DQ_WRITER)

A failure means that the schema is not at the version of this software, or that a grant is
missing: the message names the statement. Nothing is lost; the next run goes on where it stopped.
"""

from dq_databricks.launching.task import Outcome, Task, run_task


def migrate(task: Task) -> Outcome:
    """Migrate, and grant where somebody is named."""
    with task.opened() as quality:
        report = quality.schema.migrate()
        is_granting = task.settings.data_quality_readers or task.settings.data_quality_writer
        grants = quality.upkeep.apply_grants() if is_granting else None
    given = "" if grants is None else f", {len(grants.applied)} grants given"
    line = f"{report.catalog}.{report.schema} is at version {report.version}{given}"
    return Outcome(line, {"migration": report, "grants": grants})


if __name__ == "__main__":
    run_task(__doc__, migrate, "readers", "writer")
