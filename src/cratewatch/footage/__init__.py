"""Footage: persons tracked through a video, and the sleeves that they handle."""
