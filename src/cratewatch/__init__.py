"""cratewatch identifies vinyl albums in CCTV footage."""
