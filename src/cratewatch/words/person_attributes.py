"""Tells attributes of persons by the model that ships: Open Model Zoo's crossroad-0230."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.chunks import chunks
from cratewatch.embedding.graph_files import read_graph
from cratewatch.embedding.graphs import Network
from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.appearance import SHIPPED_APPEARANCE
from cratewatch.words.attributes import Attributes

SHIPPED_ATTRIBUTES = SHIPPED_APPEARANCE.with_name(
    "person-attributes-recognition-crossroad-0230.xml"
)
HEIGHT_PX, WIDTH_PX = 160, 80
BATCH = 32
OUTPUTS = 8
SEX, FEMALE = 0, "female"
"""Where the model tells that somebody is male."""
TERM_OF = {1: "bag", 2: "backpack", 3: "hat", 4: "long_sleeves", 5: "trousers", 6: "long_hair"}
"""The terms of its outputs: trousers are long ones. The last output, coats, is worse than chance on
crops of others, and is left out."""
TRUST = 0.4
"""Share of the model's log odds that is believed: on cameras of others it is less often
right than it is sure. With 0.3 or 0.5 as many persons are found (docs/words.md)."""

Planes = npt.NDArray[np.float32]


class PersonAttributes:
    """Tells bags, hats, sleeves, trousers and hair; see attributes.AttributeModel."""

    def __init__(
        self, file: Path = SHIPPED_ATTRIBUTES, threads: int = 0, *, tells_sex: bool = False
    ) -> None:
        """Load the model.

        Args:
            threads: That compute; 0: one for each core.
            tells_sex: Whether sex is among the terms: else it is neither kept nor asked for.

        Raises:
            CratewatchError: if the file that ships is missing or damaged.
        """
        self.name = "crossroad_0230_sex" if tells_sex else "crossroad_0230"
        self.terms = (FEMALE, *TERM_OF.values()) if tells_sex else tuple(TERM_OF.values())
        self._tells_sex = tells_sex
        try:
            self._model = _read(file, threads)
        except (CratewatchError, RuntimeError) as error:
            raise CratewatchError(
                f"{file}: the model of attributes that ships with cratewatch is missing or "
                "damaged, or its .bin beside it is; install cratewatch again"
            ) from error

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return what it sees in crops of whole persons, each (H, W, 3) uint8 RGB of any size."""
        seen: list[Attributes] = []
        for batch in chunks(crops, BATCH):
            told = self._model(np.stack([_input(crop) for crop in batch]))[0]
            seen += [self._attributes(row) for row in _trusted(told.reshape(len(batch), OUTPUTS))]
        return seen

    def _attributes(self, row: Planes) -> Attributes:
        told = {term: float(row[place]) for place, term in TERM_OF.items()}
        return Attributes({FEMALE: 1 - float(row[SEX]), **told} if self._tells_sex else told)


def _read(file: Path, threads: int) -> Network:
    graph = read_graph(file, "cpu")
    if list(graph.inputs.values()) != [(1, 3, HEIGHT_PX, WIDTH_PX)]:
        raise CratewatchError(f"{file}: another model: it takes {graph.inputs}")
    return graph.in_batches(threads)


def _input(crop: Rgb) -> Planes:
    """Return a crop as the zoo's models take it: (3, H, W), BGR, bytes as floats."""
    sized = cv2.resize(crop, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    return np.asarray(sized[:, :, ::-1].transpose(2, 0, 1), np.float32)


def _trusted(told: Planes) -> Planes:
    """Return probabilities of which TRUST of their log odds is left."""
    sure = np.clip(told.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(1 / (1 + ((1 - sure) / sure) ** TRUST), np.float32)
