"""The embedded engine: Delta tables in a folder, written by delta-rs, read by DuckDB."""
