from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cratewatch.embedding.arrays import Grey
from cratewatch.training.data import TrainingSet
from cratewatch.training.progress import Recall
from cratewatch.training.validation import Validation, find_confusions


class Levels(TrainingSet):
    """Artwork n is a plain picture of level first + 10 n; its queries are 1 brighter."""

    def __init__(self, artworks: int, first: int) -> None:
        self.image_px, self._props = 4, None
        self.artworks = [f"a{first + 10 * n}" for n in range(artworks)]
        plains = [np.full((4, 4), first + 10 * n, np.uint8) for n in range(artworks)]
        self.covers = [[plain] for plain in plains]
        self.queries = [[plain + 1] for plain in plains]


def on_a_circle(pictures: Sequence[Grey], *, mistaken: dict[int, int] | None = None) -> Tensor:
    """Embed a level as an angle, so that near levels score high; queries may be mistaken."""
    levels = [int(picture[0, 0]) for picture in pictures]
    angles = torch.tensor([float((mistaken or {}).get(level, level)) for level in levels]) / 100
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_recall_counts_the_unseen_artworks_among_all_covers() -> None:
    validation = Validation(Levels(10, first=0), Levels(4, first=105), seed=0, sketched=0.0)
    assert validation.measure(on_a_circle) == Recall(1.0, 1.0)
    # The query of 105 looks like a cover of the training, whose neighbours include the right one.
    one_off = validation.measure(lambda p: on_a_circle(p, mistaken={106: 91}))
    assert one_off == Recall(0.75, 1.0)
    far_off = validation.measure(lambda p: on_a_circle(p, mistaken={106: 20}))
    assert far_off == Recall(0.75, 0.75)


def test_confusions_name_what_a_query_is_taken_for() -> None:
    data = Levels(10, first=0)
    found = find_confusions(data, lambda p: on_a_circle(p, mistaken={1: 70}), 0, 0.0)
    assert found.rivals[0] in ([7, 6, 8], [7, 8, 6])
    assert found.rivals[5] == [6, 4, 7]
    assert all(number not in rivals for number, rivals in enumerate(found.rivals))
    assert found.taken_for == {0: 7}
