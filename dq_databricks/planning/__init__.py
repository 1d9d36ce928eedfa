"""Plans scans. Takes measures and a snapshot, gives a ScanPlan. Never talks to an engine."""
