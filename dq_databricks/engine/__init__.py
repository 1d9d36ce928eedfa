"""Engines carry out statements: Databricks SQL in, Arrow out.

The only room that imports drivers. Never knows what a test or a profile is.
"""
