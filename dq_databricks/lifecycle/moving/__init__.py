"""Gives a metadata schema another name: copies, compares, switches over; drops only when told."""
