"""How to train by words: what who asks for it says. PyTorch is imported by what trains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cratewatch.words.captions import LANGUAGES


@dataclass(frozen=True)
class PersonNetConfig:
    """The shape of our own network.

    Attributes:
        height_px: Of the pictures that it sees; they are half as wide.
        blocks: Of MobileNetV1, the first ones, 1..14.
        dim: Length of an embedding.
        text_width: Channels of the text tower.
        dropout: Of image features, in training.
    """

    height_px: int = 160
    blocks: int = 14
    dim: int = 256
    text_width: int = 128
    dropout: float = 0.3

    def __post_init__(self) -> None:
        """Raise ValueError, the field's name first, for what no network has."""
        if self.height_px < 32:
            raise ValueError(f"height_px {self.height_px}: the trunk needs 32 at least")
        if not 1 <= self.blocks <= 14:
            raise ValueError(f"blocks {self.blocks}: MobileNetV1 has 1 to 14")


@dataclass(frozen=True)
class WordsConfig:
    """How long and how hard to train.

    Attributes:
        net: Of our own network; BLIP's folder says what BLIP is.
        least_squares: Whether traits are fitted to looks that need no training (see trait_fit),
            instead of going down losses; of all that follows, languages, validation and seed count.
        blip: Folder of BLIP for retrieval; "" trains our own network.
        captioner: Folder of BLIP for captions, whose decoder learns to speak beside it; "" for
            none.
        trunk: File of MobileNetV1's weights that our own network starts from; "" for random ones.
        frozen: Blocks of that trunk, the first ones, that stay as they were.
        steps: Optimiser steps.
        round_steps: Of a round; between rounds the network is validated and a checkpoint written.
        batch: Pairs of all workers together, each of another person.
        trunk_share: Of the learning rate, for the trunk of our own network.
        temperature: Of the contrast, to begin with: it is learnt.
        matching, language, traits: Weights of those losses beside the contrast.
        memory: Vectors of earlier batches that serve as negatives as well, as a slowly following
            copy of the network made them (He et al. 2020, "Momentum Contrast"); 0 for none.
        momentum: By which share the copy stays as it was in each step.
        average: The same of the averaged weights that are validated and saved; it begins lower. 0
            for the weights themselves.
        languages: Of the captions that are made.
        vary: How much pictures are cut, lit and covered before they are learnt; 0 leaves them.
            Colours keep their hue.
        whole: Share of made captions that tell all traits; the others tell some.
        validation: Share of persons who are held back to validate on.
    """

    net: PersonNetConfig = field(default_factory=PersonNetConfig)
    least_squares: bool = False
    blip: str = ""
    captioner: str = ""
    trunk: str = ""
    frozen: int = 4
    steps: int = 600
    round_steps: int = 100
    batch: int = 48
    learning_rate: float = 1e-3
    trunk_share: float = 0.3
    weight_decay: float = 0.05
    temperature: float = 0.07
    matching: float = 1.0
    language: float = 1.0
    traits: float = 1.0
    memory: int = 0
    momentum: float = 0.995
    average: float = 0.99
    languages: tuple[str, ...] = ("en", "ko")
    vary: float = 1.0
    whole: float = 0.6
    validation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError, the field's name first, for what cannot be trained with."""
        if unknown := set(self.languages) - set(LANGUAGES):
            raise ValueError(f"languages {sorted(unknown)}: there are {', '.join(LANGUAGES)}")
        if not self.languages:
            raise ValueError(f"languages: name one or more of {', '.join(LANGUAGES)}")
        if self.least_squares and (self.blip or self.trunk):
            raise ValueError("least_squares: it takes neither BLIP's weights nor a trunk")
        if self.batch < 2:
            raise ValueError(f"batch {self.batch}: a contrast needs two pairs or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature {self.temperature}: it is a number above 0")
        if not 0 <= self.learning_rate < math.inf:
            raise ValueError(f"learning_rate {self.learning_rate}: give a number from 0 on")
        if not 0 <= self.average < 1:
            raise ValueError(f"average {self.average}: it is a share below 1")
        if not 0 <= self.vary <= 1:
            raise ValueError(f"vary {self.vary}: it is a share, 0..1")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation {self.validation}: it is a share below 1")
