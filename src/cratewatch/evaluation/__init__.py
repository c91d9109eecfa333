"""How good a model is: protocols, metrics, calibration, artworks that it never saw."""
