"""A short training that goes on from a whole model."""

from __future__ import annotations

from dataclasses import dataclass, field

from cratewatch.embedding.config import ModelConfig
from cratewatch.training.config import Draw, Precision, TrainConfig


@dataclass(frozen=True)
class FineTuning:
    """How far a model is trained further on the covers of one shop.

    Attributes:
        learning_rate: At its peak; at that of a first training the model forgets more than it
            learns, see docs/evaluation.md, "Demo".
        precision: In bf16 the depthwise convolutions of the model that ships take eleven times as
            long on a CPU (9.1 s of it against 0.8 s for a step of 128 images).
    """

    steps: int = 120
    learning_rate: float = 3e-4
    draw: Draw = field(default_factory=lambda: Draw(images_each=2, sketched=0.5))
    precision: Precision = "fp32"
    seed: int = 0

    def config(self, model: ModelConfig, weights: str) -> TrainConfig:
        """Return the training.

        Args:
            model: Of what is trained further.
            weights: Where that lies, see TrainConfig.
        """
        return TrainConfig(
            model=model,
            weights=weights,
            draw=self.draw,
            steps=self.steps,
            learning_rate=self.learning_rate,
            precision=self.precision,
            seed=self.seed,
        )
