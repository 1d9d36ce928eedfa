"""Upkeep: grants, compaction, retention, sizes."""
