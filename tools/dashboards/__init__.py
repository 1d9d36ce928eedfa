"""Builds the dashboards of the bundle: readable Python in, `.lvdash.json` files out.

``python -m tools.dashboards`` writes them, ``--check`` says whether they are current. A dashboard
is datasets and pages; widgets stand in rows of a grid of twelve columns, from the top down.
"""
