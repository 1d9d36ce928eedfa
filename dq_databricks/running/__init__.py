"""Carries out plans: runs the statements, isolates failures, gives measurements and verdicts."""
