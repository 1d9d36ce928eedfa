"""Side-by-side runs of this software and hand-written queries. `python -m benchmarks --help`."""
