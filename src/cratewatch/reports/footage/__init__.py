"""The page of a run of footage: who handled which record when."""
