"""Loads a real service process over the loopback and prints what it stands."""
