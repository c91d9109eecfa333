"""Self-contained pages of what was measured."""
