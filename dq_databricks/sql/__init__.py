"""Databricks SQL as text and values: names, statements, templates, the portable subset.

Never talks to an engine.
"""
