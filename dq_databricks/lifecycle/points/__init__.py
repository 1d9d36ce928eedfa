"""Restore points: the version of every table under one name, and the way back to it."""
