"""Staged footage: people take covers up, look at them and put them back, with the truth of it."""
