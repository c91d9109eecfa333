"""The quality gate: which painted pictures are worth keeping, and why the others are not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.painting import Mask, PaintRequest
from cratewatch.synthesis.pixels import Plane, Rgb

Reason: TypeAlias = Literal[
    "hides_too_much",
    "black",
    "saturated",
    "cover_overpainted",
    "nothing_painted",
    "seam_visible",
]
"""Why a picture is rejected, in the order in which it is looked at."""
LEAST_PX = 24
"""Masks of fewer pixels are not judged: the camera shrinks them to one or two."""


@dataclass(frozen=True)
class GateConfig:
    """When a picture is rejected; levels are of 255, shares 0 to 1.

    The numbers are those of `benchmarks/gate.py`, 100 scenes at 512 px: "good" are pictures of the
    composite engine, laid into the masks with a seam of 3 px, and each default lies well between
    them and those that were spoilt on purpose.

    Attributes:
        hidden_share: Most of the sleeve that occluders may hide. None of 3,000 sampled scenes
            hides over 0.40; of a sleeve that is mostly hidden little is left to tell it by.
        clipped_share: Most of the painted pixels that may be black or white in all channels.
            Where a network returned no numbers, or its picture was withheld, all but the seam
            are; white stickers have print and shades.
        clipped_levels: How near to 0 and 255 that is; black gloves are lighter.
        change_level: From which on a pixel counts as changed, in any channel: above the blur and
            noise of a picture that an autoencoder took through without painting anything new.
        painted_share: Least of each mask's pixels that must have changed: at the worst mask of
            a scene 0.76 to 1 in good pictures, 0.01 in those that were only autoencoded.
        overpainted_share: Most of the sleeve beside the masks that may have changed. Engines
            return these pixels as they were, so that any change is a fault.
        seam_ratio: Most that the step over a mask's border may be, as a multiple of the steps
            just inside and outside it: over a seam they are alike, at a cut the one stands alone.
            In 98 of 100 good pictures at most 2.1, in 99 of 100 cut out ones at least 6.
        seam_level: Least mean step that can be seen as a seam after the camera's noise.
    """

    hidden_share: float = 0.5
    clipped_share: float = 0.5
    clipped_levels: int = 4
    change_level: int = 12
    painted_share: float = 0.25
    overpainted_share: float = 0.05
    seam_ratio: float = 4.0
    seam_level: float = 10.0


def judge_request(request: PaintRequest, sleeve: Mask, config: GateConfig) -> Reason | None:
    """Return why whatever is painted is to be rejected, None if that depends on the picture.

    Args:
        request: What is to be asked for.
        sleeve: (H, W), where the sleeve lies.
    """
    hidden = _share(_union(request), sleeve)
    return "hides_too_much" if hidden > config.hidden_share else None


def judge(request: PaintRequest, painted: Rgb, sleeve: Mask, config: GateConfig) -> Reason | None:
    """Return why a picture is to be rejected, None for one to keep.

    What judge_request() looks at is not looked at again.

    Args:
        request: What was asked for.
        painted: (H, W, 3), what came.
        sleeve: (H, W), where the sleeve lies.

    Raises:
        ValueError: if painted or sleeve is not of the request's size.
    """
    if painted.shape != request.image.shape or sleeve.shape != painted.shape[:2]:
        raise ValueError(
            f"asked for {request.image.shape} on a sleeve {sleeve.shape}, got {painted.shape}"
        )
    return next(_faults(request, painted, sleeve, config), None)


def _faults(
    request: PaintRequest, painted: Rgb, sleeve: Mask, config: GateConfig
) -> Iterator[Reason]:
    """Look for one fault after the other, the cheapest first."""
    union = _union(request)
    masks = [mask for mask in request.masks if mask.sum() >= LEAST_PX]
    if _share(_all_channels(painted <= config.clipped_levels), union) > config.clipped_share:
        yield "black"
    if _share(_all_channels(painted >= 255 - config.clipped_levels), union) > config.clipped_share:
        yield "saturated"
    changed = _changed(request.image, painted, config.change_level)
    if _share(changed, sleeve & ~union) > config.overpainted_share:
        yield "cover_overpainted"
    if any(_share(changed, mask) < config.painted_share for mask in masks):
        yield "nothing_painted"
    if any(_seam_is_visible(request, painted, mask, config) for mask in masks):
        yield "seam_visible"


def _union(request: PaintRequest) -> Mask:
    nothing = np.zeros(request.image.shape[:2], dtype=np.bool_)
    return np.asarray(np.logical_or.reduce([nothing, *request.masks]))


def _share(what: Mask, of: Mask) -> float:
    """Return the share of pixels of one mask that another holds; 0 of nothing."""
    return float((what & of).sum() / max(int(of.sum()), 1))


def _all_channels(pixels: npt.NDArray[np.bool_]) -> Mask:
    return np.asarray(pixels.all(axis=2))


def _changed(before: Rgb, after: Rgb, level: int) -> Mask:
    difference = np.maximum(before, after) - np.minimum(before, after)
    return np.asarray((difference >= level).any(axis=2))


def _seam_is_visible(request: PaintRequest, painted: Rgb, mask: Mask, config: GateConfig) -> bool:
    over, beside = seam_steps(request, painted, mask)
    return over >= config.seam_level and over > config.seam_ratio * beside


def seam_steps(request: PaintRequest, painted: Rgb, mask: Mask) -> tuple[float, float]:
    """Return mean steps of brightness over one mask's border to what is not painted, and beside it.

    Of four pixels in a row or column, two outside all masks and two inside this one, the step
    over the border is between the middle ones. Only what the painting adds to it counts: the
    border may run along the sleeve's edge. The other is the larger of the means of the steps just
    outside and just inside. Both are 0 where there are no such pixels.
    """
    free = ~np.logical_or.reduce(request.masks)
    after = painted.mean(axis=2, dtype=np.float32)
    added = after - request.image.mean(axis=2, dtype=np.float32)
    steps = np.concatenate(
        [
            _steps_along_rows(
                np.rot90(after, k), np.rot90(added, k), np.rot90(mask, k), np.rot90(free, k)
            )
            for k in range(4)
        ],
        axis=1,
    )
    if not steps.shape[1]:
        return 0.0, 0.0
    outside, over, inside = steps.mean(axis=1)
    return float(over), float(max(outside, inside))


def _steps_along_rows(after: Plane, added: Plane, mask: Mask, free: Mask) -> Plane:
    """Return (3, n) steps outside, over and inside the border, where it is met from the left."""
    rows, columns = np.nonzero(free[:, :-3] & free[:, 1:-2] & mask[:, 2:-1] & mask[:, 3:])
    outside = after[rows, columns + 1] - after[rows, columns]
    over = added[rows, columns + 2] - added[rows, columns + 1]
    inside = after[rows, columns + 3] - after[rows, columns + 2]
    return np.abs(np.stack([outside, over, inside]))
