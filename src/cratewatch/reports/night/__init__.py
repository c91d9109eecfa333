"""What a night did for one source, as one page."""
