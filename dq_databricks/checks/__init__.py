"""Check types: a sensor, a rule and defaults under one name. Validates the parameters of tests.

Takes a bound test and a snapshot, gives the measures to take and, later, the verdict.
Never talks to an engine.
"""
