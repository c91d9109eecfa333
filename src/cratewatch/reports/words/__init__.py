"""The page of what was found by words."""
