"""Words: persons in footage found by describing them."""
