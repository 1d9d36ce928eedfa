"""Says what Lakeview would refuse in a dashboard, or show as an empty widget.

`python -m tools.dashboard_lint [FILE …]`: one line a finding, exit code 1 when there is one.
Columns are those of the views that `ddl/` makes, so a dashboard and the schema cannot part.
"""
