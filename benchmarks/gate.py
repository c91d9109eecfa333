"""What the quality gate makes of good pictures and of such as were spoilt on purpose.

    .venv/bin/python benchmarks/gate.py --covers ../shared/data/covers --scenes 400

Good ones are the composite engine's, laid into the masks with a seam, as engines that paint lay
theirs. Each bad one has one fault; its own reason should be found in nearly all of them. The last
columns are the measures that the gate compares, at the scene's worst mask: the least share of
changed pixels, and the step over the border as a multiple of those beside it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from cratewatch.images.reading import load, pixels
from cratewatch.synthesis.composite import draw_occluded
from cratewatch.synthesis.gate import LEAST_PX, GateConfig, judge, seam_steps
from cratewatch.synthesis.painting import Mask, PaintRequest
from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.request import to_request
from cratewatch.synthesis.scene import SceneConfig, sample_scene

SEAM_PX = 3.0


@dataclass(frozen=True)
class Case:
    """A request, where its sleeve lies, what the composite engine draws there, another cover."""

    request: PaintRequest
    sleeve: Mask
    composite: Rgb
    other: Rgb

    @property
    def union(self) -> Mask:
        """Where anything may be painted."""
        return np.logical_or.reduce([np.zeros_like(self.sleeve), *self.request.masks])


def good(case: Case) -> Rgb:
    return _paste(case, case.composite, SEAM_PX)


def untouched(case: Case) -> Rgb:
    return case.request.image


def softened(case: Case) -> Rgb:
    """What an autoencoder leaves of a picture into which nothing was painted."""
    rng = np.random.default_rng(case.request.seed)
    soft = cv2.GaussianBlur(case.request.image, (0, 0), 0.7) + rng.normal(0, 2, case.other.shape)
    return _paste(case, soft.clip(0, 255), SEAM_PX)


def black(case: Case) -> Rgb:
    return _paste(case, np.zeros_like(case.other), SEAM_PX)


def white(case: Case) -> Rgb:
    return _paste(case, np.full_like(case.other, 255), SEAM_PX)


def overpainted(case: Case) -> Rgb:
    return case.other


def no_seam(case: Case) -> Rgb:
    """Hands as drawn, half covered border pixels and all, without a seam."""
    return _paste(case, case.composite, 0.0)


def cut_out(case: Case) -> Rgb:
    """Blurred skin without a seam: a patch that ends from one pixel to the next."""
    flat = np.full_like(case.other, (190, 140, 115)) + np.random.default_rng(0).normal(
        0, 4, case.other.shape
    )
    return _paste(case, flat.clip(0, 255), 0.0)


CASES: dict[str, tuple[Callable[[Case], Rgb], str | None]] = {
    "good": (good, None),
    "as it was": (untouched, "nothing_painted"),
    "autoencoded only": (softened, "nothing_painted"),
    "black": (black, "black"),
    "white": (white, "saturated"),
    "all overpainted": (overpainted, "cover_overpainted"),
    "good, without seam": (no_seam, "seam_visible"),
    "cut out": (cut_out, "seam_visible"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--covers", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--side-px", type=int, default=512)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found: dict[str, Counter[str]] = {name: Counter() for name in CASES}
    measures: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for case in _cases(sorted(options.covers.rglob("*.jpg")), options.scenes, options.side_px):
        for name, (spoil, _) in CASES.items():
            picture = spoil(case)
            found[name][str(judge(case.request, picture, case.sleeve, GateConfig()))] += 1
            measures[name].append(_measures(case, picture))
    table = Table(
        "picture", "wanted", "found", "others", "changed 1 %", "50 %", "step 1 %", "50 %", "99 %"
    )
    for name, (_, wanted) in CASES.items():
        changed, steps = np.transpose(measures[name])
        others = ", ".join(f"{k} {n}" for k, n in found[name].items() if k != str(wanted))
        numbers = [*np.quantile(changed, (0.01, 0.5)), *np.quantile(steps, (0.01, 0.5, 0.99))]
        share = found[name][str(wanted)] / options.scenes
        table.add_row(name, str(wanted), f"{share:.1%}", others, *(f"{n:.2f}" for n in numbers))
    Console(stderr=True).print(table)
    print(json.dumps(found))


def _cases(covers: Sequence[Path], n: int, side_px: int) -> Iterator[Case]:
    """Yield scenes with occluders, each with a cover of its own and another one."""
    config = SceneConfig(bare_share=0.0)
    for seed in range(n):
        cover, other = (
            pixels(load(covers[(seed * 37 + shift) % len(covers)], side_px=400)) for shift in (0, 1)
        )
        scene = sample_scene(seed, config)
        request, base = to_request(cover, scene, side_px)
        composite = draw_occluded(cover, scene, side_px).image
        elsewhere = draw_occluded(other, replace(scene, hands=(), stickers=(), boxes=()), side_px)
        yield Case(request, base.sleeve, composite, elsewhere.image)


def _paste(case: Case, painted: Rgb, seam_px: float) -> Rgb:
    depth = cv2.distanceTransform(case.union.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(depth / (seam_px + 1.0), 1.0)[..., None]
    blended = case.request.image + share * (painted - case.request.image.astype(np.float32))
    return np.asarray(np.rint(blended), dtype=np.uint8)


def _measures(case: Case, picture: Rgb) -> tuple[float, float]:
    """Return the least share of changed pixels and the largest step of a scene's masks."""
    change = np.abs(picture.astype(int) - case.request.image).max(axis=2)
    changed = change >= GateConfig.change_level
    masks = [mask for mask in case.request.masks if mask.sum() >= LEAST_PX]
    steps = [seam_steps(case.request, picture, mask) for mask in masks]
    worst = max(over / max(beside, 0.1) for over, beside in steps)
    return min(float(changed[mask].mean()) for mask in masks), worst


if __name__ == "__main__":
    main()
