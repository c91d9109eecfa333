"""A model that takes no time."""

from cratewatch.embedding.config import ModelConfig

# Without a frame a cover is its own best query, also for an untrained model.
TINY = ModelConfig(image_px=32, cover_margin=0.0)
