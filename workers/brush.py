"""What paints a run. Loads no engine, so that a mistake in the call is told at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from cratewatch.synthesis.diffusion.config import DiffusionConfig
from cratewatch.synthesis.painted_query import PaintConfig


@dataclass(frozen=True)
class Brush:
    """An engine and how it paints.

    Attributes:
        model: A folder in diffusers' format, on every node, or a hub id.
    """

    engine: str
    model: str
    config: DiffusionConfig
    paint: PaintConfig = field(default_factory=PaintConfig)
