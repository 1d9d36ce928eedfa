"""Rules judge. A pure function takes a readout and parameters and gives a verdict."""
