"""GLIGEN: a batch of different pictures, boxes and phrases in one denoising loop.

The arithmetic of each step is that of diffusers' StableDiffusionGLIGENPipeline; around it each
sample has its own random numbers, picture, mask, boxes and words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from diffusers.models.attention import GatedSelfAttentionDense

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.batches import Batches, fitting_batch
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.diffusion.model import GligenModel
from cratewatch.synthesis.diffusion.square import Fit, cells, fit, paste
from cratewatch.synthesis.diffusion.text import Words
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.pixels import Rgb

MAX_BOXES = 30
"""GLIGEN was trained with places for 30 objects; empty ones hold what it learned for them."""


@dataclass(frozen=True)
class Conditions:
    """What steers the denoising of a batch of B; h, w are the latent grid's.

    With guidance all but the first two have 2B rows: first those of the negative prompt.

    Attributes:
        scene: (B, 4, h, w) latents of the pictures.
        kept: (B, 1, h, w), 1 where the picture stays and 0 where is painted.
        beside: (B or 2B, 5, h, w) kept latents and `kept`, what the network sees beside the noise.
        prompts: (B or 2B, tokens, width).
        objects: boxes (.., MAX_BOXES, 4), positive_embeddings (.., MAX_BOXES, width) and
            masks (.., MAX_BOXES), 1 where there is an object.
    """

    scene: torch.Tensor
    kept: torch.Tensor
    beside: torch.Tensor
    prompts: torch.Tensor
    objects: dict[str, torch.Tensor]


class GligenEngine:
    """Paints with a GLIGEN model.

    The same requests give the same bytes, on the same kind of device and with batches of the same
    size; on one thread of a CPU also whatever a request is batched with. Another size or number of
    threads adds up in another order: that can change a pixel by a rounding.
    """

    name = "gligen"

    def __init__(self, model: GligenModel, config: GligenConfig) -> None:
        """Take a model that already lies where it computes."""
        self._model = model
        self._config = config
        self._device, self._dtype = model.unet.device, model.unet.dtype
        self._words = Words(model)
        self._cell_px = 2 ** (len(model.vae.config.block_out_channels) - 1)
        self._side = model.unet.config.sample_size * self._cell_px
        if config.attention_slicing:
            model.unet.set_attention_slice("auto")
        batch = config.batch or fitting_batch(self._trial, self._device)
        self._batches = Batches(batch)
        if config.compile:
            model.unet.compile(dynamic=False)  # all batches have one shape

    @property
    def batch(self) -> int:
        """How many pictures share a denoising loop."""
        return self._batches.size

    def paint(self, requests: Sequence[PaintRequest]) -> list[Rgb]:
        """Return a picture for each request; outside its masks it is the request's, byte for byte.

        Raises:
            CratewatchError: if a request has more than MAX_BOXES boxes, or the GPU's memory does
                not hold one picture.
        """
        for request in requests:
            if len(request.boxes) > MAX_BOXES:
                raise CratewatchError(
                    f"a scene with {len(request.boxes)} boxes: GLIGEN paints {MAX_BOXES} at most"
                )
        painted = [request.image.copy() for request in requests]
        busy = [at for at, request in enumerate(requests) if any(m.any() for m in request.masks)]
        results = self._batches.run([requests[at] for at in busy], self._paint_batch)
        for at, result in zip(busy, results, strict=True):
            painted[at] = result
        return painted

    def _trial(self, batch: int) -> GligenEngine:
        few = replace(self._config, batch=batch, steps=2, compile=False)
        return GligenEngine(self._model, few)

    @torch.inference_mode()
    def denoise(self, requests: Sequence[PaintRequest]) -> torch.Tensor:
        """Return the latents (B, 4, h, w) of what is painted, all of it in one loop."""
        noise = Noise([request.seed for request in requests])
        return self._denoise(self._conditions(requests, noise), noise)

    @torch.inference_mode()
    def _paint_batch(self, requests: list[PaintRequest]) -> list[Rgb]:
        squares = self._decode(self.denoise(requests))
        fits = self._fits(requests)
        return [
            paste(
                request.image,
                placed.back(square),
                np.logical_or.reduce(request.masks),
                self._config.feather_px,
            )
            for request, placed, square in zip(requests, fits, squares, strict=True)
        ]

    def _fits(self, requests: Sequence[PaintRequest]) -> list[Fit]:
        return [fit(request.image, self._side) for request in requests]

    def _conditions(self, requests: Sequence[PaintRequest], noise: Noise) -> Conditions:
        fits = self._fits(requests)
        scene = self._encode(requests, fits, noise)
        kept = self._tensor(
            [
                ~cells(placed.mask(np.logical_or.reduce(request.masks)), self._cell_px)[None]
                for request, placed in zip(requests, fits, strict=True)
            ]
        )
        beside = torch.cat([scene * kept, kept], dim=1)
        objects = self._objects(requests, fits)
        prompts = torch.stack([self._words.prompt(self._prompt(each)) for each in requests])
        if self._guided:
            negative = self._words.prompt(self._config.negative_prompt)
            prompts = torch.cat([negative.expand_as(prompts), prompts])
            beside = torch.cat([beside, beside])
            objects = {name: torch.cat([rows, rows]) for name, rows in objects.items()}
            objects["masks"][: len(requests)] = 0
        return Conditions(scene, kept, beside, prompts, objects)

    @property
    def _guided(self) -> bool:
        return self._config.guidance > 1.0

    def _prompt(self, request: PaintRequest) -> str:
        phrases = dict.fromkeys(box.phrase for box in request.boxes)
        return self._words.naming(self._config.prompt, list(phrases))

    def _objects(
        self, requests: Sequence[PaintRequest], fits: list[Fit]
    ) -> dict[str, torch.Tensor]:
        width = self._model.unet.config.cross_attention_dim
        boxes = np.zeros((len(requests), MAX_BOXES, 4), dtype=np.float32)
        masks = np.zeros((len(requests), MAX_BOXES), dtype=np.float32)
        phrases = torch.zeros(
            (len(requests), MAX_BOXES, width), device=self._device, dtype=self._dtype
        )
        for row, (request, placed) in enumerate(zip(requests, fits, strict=True)):
            for column, box in enumerate(request.boxes):
                boxes[row, column] = placed.box(box.xyxy)
                phrases[row, column] = self._words.phrase(box.phrase)
            masks[row, : len(request.boxes)] = 1
        return {
            "boxes": self._tensor(boxes),
            "positive_embeddings": phrases,
            "masks": self._tensor(masks),
        }

    def _encode(
        self, requests: Sequence[PaintRequest], fits: list[Fit], noise: Noise
    ) -> torch.Tensor:
        squares = [
            placed.image(request.image).transpose(2, 0, 1)
            for request, placed in zip(requests, fits, strict=True)
        ]
        pixels = self._tensor(squares) / 127.5 - 1.0
        posterior = self._model.vae.encode(pixels).latent_dist
        sample: torch.Tensor = posterior.mean + posterior.std * noise.draw(posterior.mean)
        return sample.mul(self._model.vae.config.scaling_factor)

    def _denoise(self, conditions: Conditions, noise: Noise) -> torch.Tensor:
        """Return (B, 4, h, w) latents of pictures with everything painted."""
        scheduler = self._model.scheduler
        # Its constants lie on the CPU: timesteps on a GPU would be waited for at each step.
        scheduler.set_timesteps(self._config.steps)
        timesteps = scheduler.timesteps
        grounded = int(self._config.beta * len(timesteps))
        latents: torch.Tensor = noise.draw(conditions.scene) * scheduler.init_noise_sigma
        for number, timestep in enumerate(timesteps):
            if number in (0, grounded):
                self._ground(number < grounded)
            around = scheduler.add_noise(
                conditions.scene, noise.draw(conditions.scene), timestep.repeat(len(latents))
            )
            latents = around * conditions.kept + latents * (1 - conditions.kept)
            predicted = self._predict(latents, timestep, conditions)
            latents = scheduler.step(predicted, timestep, latents, return_dict=False)[0]
        return latents

    def _ground(self, enabled: bool) -> None:
        for module in self._model.unet.modules():
            if isinstance(module, GatedSelfAttentionDense):
                module.enabled = enabled

    def _predict(
        self, latents: torch.Tensor, timestep: torch.Tensor, conditions: Conditions
    ) -> torch.Tensor:
        doubled = torch.cat([latents, latents]) if self._guided else latents
        scaled = self._model.scheduler.scale_model_input(doubled, timestep)
        predicted: torch.Tensor = self._model.unet(
            torch.cat([scaled, conditions.beside], dim=1),
            timestep.to(self._device),
            encoder_hidden_states=conditions.prompts,
            cross_attention_kwargs={"gligen": conditions.objects},
            return_dict=False,
        )[0]
        if not self._guided:
            return predicted
        without, told = predicted.chunk(2)
        return without + self._config.guidance * (told - without)

    def _decode(self, latents: torch.Tensor) -> list[Rgb]:
        scaled = latents / self._model.vae.config.scaling_factor
        pixels = self._model.vae.decode(scaled, return_dict=False)[0]
        levels = ((pixels.float() / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return list(levels.permute(0, 2, 3, 1).cpu().numpy())

    def _tensor(self, rows: Sequence[np.ndarray] | np.ndarray) -> torch.Tensor:
        array = torch.from_numpy(np.asarray(rows, dtype=np.float32))
        return array.to(device=self._device, dtype=self._dtype)


class Noise:
    """Standard normal numbers, of each sample from its own generator.

    They are drawn on the CPU, so that every device gets the same, always in this order: the VAE's
    sample, the first latents, then the picture's noise at each step.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def draw(self, like: torch.Tensor) -> torch.Tensor:
        """Return noise of that tensor's shape (B, ..), device and type."""
        shape = like.shape[1:]
        rows = [torch.randn(shape, generator=each) for each in self._generators]
        return torch.stack(rows).to(device=like.device, dtype=like.dtype)
