"""From query images to matches: views, normalised scores, verdicts."""
