"""Image files in, upright RGB pixels or storable covers out."""
