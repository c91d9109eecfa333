"""Any inpainting pipeline of diffusers: Stable Diffusion, SDXL, FLUX Fill and what follows.

Such a pipeline knows no boxes, and one prompt for a whole mask would leave open which of its parts
becomes what. So the occluders of a scene are painted one after another, in the order of its boxes,
each with its own phrase and mask over what the ones before left: the label of a mask is true, at
the price of a loop for each occluder. The first occluders of all scenes in a batch share a loop,
then the second ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from diffusers import AutoPipelineForInpainting, DiffusionPipeline
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.batches import Batches, fitting_batch
from cratewatch.synthesis.diffusion.config import InpaintConfig
from cratewatch.synthesis.diffusion.model import check_parts, load_part, locate
from cratewatch.synthesis.diffusion.placement import Placement
from cratewatch.synthesis.diffusion.square import cells, fit, paste
from cratewatch.synthesis.painting import Mask, PaintRequest
from cratewatch.synthesis.pixels import Rgb, stream


@dataclass(frozen=True)
class Stroke:
    """One occluder to paint over a picture; number says which of its scene it is."""

    image: Rgb
    mask: Mask
    phrase: str
    seed: int
    number: int

    def generator(self) -> torch.Generator:
        """Return the stroke's own random numbers, drawn on the CPU for every device alike."""
        seed = int(stream(self.seed, f"stroke {self.number}").integers(2**63))
        return torch.Generator().manual_seed(seed)


def load_inpaint(model: str, placement: Placement) -> Any:
    """Load a pipeline that takes an image, a mask and a prompt.

    A pipeline that paints from a prompt alone is turned into its family's inpainting pipeline. A
    safety checker is left out: what it takes for unsafe would come back black.

    Raises:
        NotFoundError: if there is no such folder and the hub does not have it either.
        CratewatchError: if the model cannot inpaint, or files are missing or damaged.
    """
    folder = locate(model)
    check_parts(folder)
    pipeline = load_part(folder, DiffusionPipeline.from_pretrained, dtype=placement.dtype)
    if not _inpaints(pipeline):
        try:
            pipeline = AutoPipelineForInpainting.from_pipe(pipeline)
        except ValueError as error:
            raise CratewatchError(
                f"{folder}: diffusers has no inpainting for a {type(pipeline).__name__}; choose an "
                "inpainting model"
            ) from error
    if getattr(pipeline, "safety_checker", None) is not None:
        pipeline.safety_checker = None
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(placement.device)


class InpaintEngine:
    """Paints with an inpainting pipeline; the same bytes for the same request, as with GLIGEN."""

    name = "inpaint"

    def __init__(self, pipeline: Any, config: InpaintConfig) -> None:
        """Take a pipeline that already lies where it computes."""
        self._pipeline = pipeline
        self._config = config
        self._cell_px = int(pipeline.vae_scale_factor)
        self._side = config.size_px or _own_side(pipeline)
        if self._side % self._cell_px:
            raise CratewatchError(
                f"size_px {self._side}: this pipeline needs a multiple of {self._cell_px}"
            )
        if config.attention_slicing:
            pipeline.enable_attention_slicing()
        self._batches = Batches(config.batch or fitting_batch(self._trial, pipeline.device))
        if config.compile:
            _network(pipeline).compile(dynamic=False)  # all batches have one shape

    @property
    def batch(self) -> int:
        """How many pictures share a denoising loop."""
        return self._batches.size

    def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
        """Return a picture for each request; outside its masks it is the request's, byte for byte.

        Raises:
            CratewatchError: if the GPU's memory does not hold one picture.
        """
        painted = [request.image.copy() for request in requests]
        for number in range(max((len(request.boxes) for request in requests), default=0)):
            strokes = {
                at: Stroke(
                    painted[at],
                    request.masks[number],
                    request.boxes[number].phrase,
                    request.seed,
                    number,
                )
                for at, request in enumerate(requests)
                if number < len(request.boxes) and request.masks[number].any()
            }
            results = self._batches.run(list(strokes.values()), self._paint_batch)
            painted = [
                dict(zip(strokes, results, strict=True)).get(at, image)
                for at, image in enumerate(painted)
            ]
        return painted

    def _trial(self, batch: int) -> InpaintEngine:
        few = replace(self._config, batch=batch, steps=2, strength=1.0, compile=False)
        return InpaintEngine(self._pipeline, few)

    @torch.inference_mode()
    def _paint_batch(self, strokes: list[Stroke]) -> list[Rgb]:
        fits = [fit(stroke.image, self._side) for stroke in strokes]
        squares = [
            Image.fromarray(placed.image(stroke.image))
            for stroke, placed in zip(strokes, fits, strict=True)
        ]
        masks = [
            self._whole_cells(placed.mask(stroke.mask))
            for stroke, placed in zip(strokes, fits, strict=True)
        ]
        drawn = self._pipeline(
            image=squares,
            mask_image=masks,
            height=self._side,
            width=self._side,
            output_type="np",
            **self._told(strokes),
        ).images
        levels = np.rint(np.clip(drawn, 0.0, 1.0) * 255).astype(np.uint8)
        return [
            paste(stroke.image, placed.back(square), stroke.mask, self._config.feather_px)
            for stroke, placed, square in zip(strokes, fits, levels, strict=True)
        ]

    def _told(self, strokes: list[Stroke]) -> dict[str, object]:
        """Return what the pipeline is told beside the pictures, as far as it takes it."""
        config = self._config
        wanted = {
            "prompt": [config.prompt.replace("{phrases}", each.phrase) for each in strokes],
            "negative_prompt": [config.negative_prompt] * len(strokes),
            "generator": [each.generator() for each in strokes],
            "num_inference_steps": config.steps,
            "guidance_scale": config.guidance,
            "strength": config.strength,
        }
        known = inspect.signature(self._pipeline.__call__).parameters
        return {name: value for name, value in wanted.items() if name in known}

    def _whole_cells(self, mask: Mask) -> Image.Image:
        """Return the mask grown to the latent grid: pipelines shrink it to every n-th pixel."""
        cell = np.ones((self._cell_px, self._cell_px), dtype=np.uint8)
        grown = np.kron(cells(mask, self._cell_px).astype(np.uint8), cell)
        return Image.fromarray(grown * np.uint8(255))


def _inpaints(pipeline: Any) -> bool:
    return "mask_image" in inspect.signature(pipeline.__call__).parameters


def _network(pipeline: Any) -> Any:
    unet = getattr(pipeline, "unet", None)
    return pipeline.transformer if unet is None else unet


def _own_side(pipeline: Any) -> int:
    """Return the side of the pictures that the pipeline was trained on, in pixels."""
    size = getattr(pipeline, "default_sample_size", None) or _network(pipeline).config.sample_size
    return int(size) * int(pipeline.vae_scale_factor)
