"""Sensors measure. An entry and a template become the measures of a table or column.

Never judges, never talks to an engine.
"""
