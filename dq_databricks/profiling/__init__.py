"""Profiles: measures by type, semantic types, anomalies, proposals for tests.

Takes measurements, gives column profiles, anomalies and proposed tests. Never writes metadata.
"""
