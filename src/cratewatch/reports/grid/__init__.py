"""The evaluation as one page: table, curves, and the worst misses."""
