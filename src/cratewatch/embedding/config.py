"""What has to be known to run a model again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cratewatch.embedding.trunks import STAGES, TRUNKS, stride

Pooling = Literal["map", "gem", "mean"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a network, and of what it is shown.

    Attributes:
        backbone: Name of one of TRUNKS.
        stages: Of the backbone, 1..4; the later ones are left out.
        pooling: How the trunk's map becomes one vector: "map" keeps every place of it, since
            cover and query show the sleeve in about the same place; "gem" is the generalised
            mean (Radenovic et al. 2018), "mean" the plain one.
        image_px: Side of the square that every image is resized to.
        cover_margin: Frame laid around a cover before it is embedded, as a share of its side,
            since a query shows the sleeve with some of what is around it. Measured on the
            demo's covers after 150 steps: recall@1 0.54 without, 0.70 with 0.14.
        dim: Length of an embedding.
    """

    backbone: str = "resnet18"
    stages: int = 3
    pooling: Pooling = "map"
    image_px: int = 64
    cover_margin: float = 0.14
    dim: int = 128

    def __post_init__(self) -> None:
        """Raise ValueError, the field's name first, for what no network has."""
        if self.backbone not in TRUNKS:
            raise ValueError(f"backbone {self.backbone!r} is none of {', '.join(TRUNKS)}")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling {self.pooling!r} is none of {', '.join(POOLINGS)}")
        if not 1 <= self.stages <= STAGES:
            raise ValueError(f"stages {self.stages}: a backbone has 1 to {STAGES}")
        if self.image_px < 2 * stride(self.stages):
            raise ValueError(
                f"image_px {self.image_px}: {self.stages} stages need {2 * stride(self.stages)}"
            )
