"""Checks the bundle for what `databricks bundle validate --strict` lets pass.

Takes the folder of a `databricks.yml`, gives findings with file and line. Needs neither the CLI
nor a workspace. `render` says what a target deploys, which tests deploy to a fake workspace.
"""
