"""A linear model of persons and words: traits by least squares on looks that need no training.

What a picture shows is a guess at each trait, and how guesses err together is known from training.
So how well a text fits is a likelihood: of what it tells and denies, given the guesses; what it
leaves open counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cratewatch.words.looks import PALETTE, SIZE_PX, Looks
from cratewatch.words.net import Read, Spelled
from cratewatch.words.trait_reading import read_traits
from cratewatch.words.traits import NUMBER_OF, TRAITS

OPEN, TOLD, DENIED = 0, 1, 2
COUNT = len(TRAITS)


class TraitNet(nn.Module):
    """Pictures of persons and texts, to vectors of unit length and to what fits.

    Tokens of a picture, (N, 1, number of traits), are the guesses, in standard deviations of a
    trait from its rate. Vectors are such that for a text their cosines rank as likelihood does
    where it tells all, and nearly so where it leaves traits open.
    """

    speaks = False
    size_px = SIZE_PX
    dim = COUNT + 2
    palette: Tensor
    mean: Tensor
    scale: Tensor
    weights: Tensor
    rate: Tensor
    known: Tensor
    errors: Tensor
    spread: Tensor
    slope: Tensor
    offset: Tensor
    reach: Tensor
    left: Tensor

    def __init__(self, length: int) -> None:
        """Make a model that knows nothing yet.

        Args:
            length: Of looks.
        """
        super().__init__()
        for name, shape in (
            ("palette", (PALETTE, 3)),
            ("mean", (length,)),
            ("scale", (length,)),
            ("weights", (length, COUNT)),
            ("rate", (COUNT,)),
            ("known", (COUNT,)),
            ("errors", (COUNT, COUNT)),
            ("spread", (COUNT, COUNT)),
            ("slope", (COUNT,)),
            ("offset", (COUNT,)),
            ("reach", (2,)),
            ("left", ()),
        ):
            self.register_buffer(name, torch.zeros(shape))
        self._looks: Looks | None = None

    def spell(self, texts: Sequence[str]) -> Spelled:
        """Return for each trait whether a text leaves it open, tells it or denies it."""
        ids = torch.full((len(texts), COUNT), OPEN)
        for row, text in zip(ids, texts, strict=True):
            read = read_traits(text)
            if read.is_whole:
                row[:] = DENIED
            row[[NUMBER_OF[trait] for trait in read.denied]] = DENIED
            row[[NUMBER_OF[trait] for trait in read.told]] = TOLD
        return Spelled(ids, torch.ones_like(ids, dtype=torch.bool))

    def see(self, pictures: Tensor) -> Tensor:
        """Return guesses as tokens."""
        if self._looks is None:
            self._looks = Looks(torch.get_num_threads())
        rows = self._looks(pictures.cpu().numpy(), self.palette.cpu().numpy())
        return self.guess(torch.from_numpy(rows).to(self.mean.device))[:, None]

    def guess(self, looks: Tensor) -> Tensor:
        """Return (N, number of traits) of looks (N, D)."""
        return ((looks - self.mean) * self.scale) @ self.weights

    def seen_traits(self, tokens: Tensor) -> Tensor:
        """Return logits (N, number of traits)."""
        return tokens[:, 0] * self.slope + self.offset

    def image_vectors(self, tokens: Tensor) -> Tensor:
        """Return (N, D) of unit length: guesses, how far they are out together, and the rest."""
        guesses = tokens[:, 0]
        both = torch.cat(
            [guesses / self.reach[0], self.out(guesses)[:, None] / self.reach[1]], dim=1
        )
        both = both / both.norm(dim=1, keepdim=True).clamp(min=1.0)
        rest = (1 - both.square().sum(dim=1, keepdim=True)).clamp(min=0).sqrt()
        return torch.cat([both, rest], dim=1)

    def read(self, texts: Spelled) -> Read:
        """Return what is wanted in the units of guesses, precisions, and vectors."""
        asked = (texts.ids != OPEN) * self.known
        deviation = (self.rate * (1 - self.rate)).sqrt()
        wanted = ((texts.ids == TOLD).float() - self.rate) / deviation * asked
        precision = self._precision(asked)[0]
        linear = torch.einsum("ni,nij->nj", wanted, precision) * self.reach[0]
        share = asked.sum(dim=1, keepdim=True) / self.known.sum()
        vectors = torch.cat([linear, -share * self.reach[1] / 2, torch.zeros_like(share)], dim=1)
        unit = nn.functional.normalize(vectors, dim=1)
        return Read(texts, (wanted, asked, unit, vectors.norm(dim=1)))

    def text_vectors(self, texts: Read) -> Tensor:
        """Return (N, D) of unit length; of a text that tells nothing, zeros."""
        return texts.states[2]

    def match(self, tokens: Tensor, texts: Read) -> Tensor:
        """Return logits (N, 2): how much likelier a text is of this picture than of anybody."""
        wanted, asked = texts.states[:2]
        precision, narrow = self._precision(asked)
        anybody, wide = self._precision(asked, self.spread)
        odds = self._out(wanted, anybody) - self._out((wanted - tokens[:, 0]) * asked, precision)
        odds = odds + narrow - wide
        return torch.stack([torch.zeros_like(odds), odds / 2], dim=1)

    def fits(self, texts: Read, cosines: Tensor) -> Tensor:
        """Return what people see in place of cosines (N,) of one text: 1 where all is as told.

        It is 0 for a text that tells nothing.
        """
        wanted, asked, _, length = texts.states
        count = asked.sum(dim=1)
        far = self._out(wanted, self._precision(asked)[0]) / 2 - cosines * length
        return torch.exp(-far / count.clamp(min=1)).clamp(max=1) * (count > 0)

    def out(self, guesses: Tensor) -> Tensor:
        """Return how far guesses (N, number of traits) are out together, squared, in errors."""
        precision = self._precision(self.known[None])[0][0]
        return ((guesses @ precision) * guesses).sum(dim=1)

    def unexplained(self) -> float:
        """Return the share of the variance of traits that guesses at unseen persons leave."""
        return float(self.left)

    def _precision(self, asked: Tensor, covariance: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return inverse covariances (N, K, K) of what is asked, 1 for what is not.

        Their logarithmic determinants (N,) come with them.
        """
        # Mostly all ask for the same.
        different, which = torch.unique(asked, dim=0, return_inverse=True)
        errors = self.errors if covariance is None else covariance
        masked = different[:, :, None] * errors * different[:, None]
        precision = torch.linalg.inv(masked + torch.diag_embed(1 - different))
        return precision[which], torch.logdet(precision)[which]

    @staticmethod
    def _out(rows: Tensor, precision: Tensor) -> Tensor:
        """Return the squared lengths (N,) of rows in standard deviations."""
        return torch.einsum("ni,nij,nj->n", rows, precision, rows)
