"""The page of what was handled against what was sold."""
