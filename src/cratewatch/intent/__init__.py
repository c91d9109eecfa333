"""The intent gap: what was handled against what was sold."""
