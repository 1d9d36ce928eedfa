"""Turns failed results and anomalies into alerts. Takes values, gives alerts; never writes."""
