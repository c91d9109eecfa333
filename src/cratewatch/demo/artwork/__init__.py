"""Record covers drawn from a seed: pictures, lettering and the templates of label series."""

from cratewatch.demo.artwork.cover import CoverSpec, draw_cover

__all__ = ["CoverSpec", "draw_cover"]
