"""Reads and writes the metadata tables. Nothing outside this room writes metadata."""
