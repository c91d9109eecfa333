"""The evaluation protocol: queries of a given severity and size, unlike those of training."""
