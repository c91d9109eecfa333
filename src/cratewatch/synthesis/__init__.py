"""Synthesis: scenes, occluders and CCTV degradation that turn a cover into training queries."""
