"""The AI/BI dashboards as code: datasets and widgets in, `bundles/dashboards/*.lvdash.json` out.

`python -m tools.dashboards` writes the files, `--check` says whether they are current.
"""
