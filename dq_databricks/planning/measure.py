"""Measures and measurements, where the planner looks for them; sensors make them."""

from __future__ import annotations

from dq_databricks.sensors.measure import Measure, MeasureKind, Measurement, Proof

__all__ = ["Measure", "MeasureKind", "Measurement", "Proof"]
