"""Sources outside Databricks: their types, options, and the SQL of Lakehouse Federation.

Takes a connection, gives checked options and a plan of statements in which every secret is a
reference. Never talks to an engine and never sees the value of a secret.
"""
