"""Whole pictures with sleeves in them, drawn in milliseconds, for training what finds sleeves."""
