"""The questions, by subject; each function is one, found by where it stands."""
