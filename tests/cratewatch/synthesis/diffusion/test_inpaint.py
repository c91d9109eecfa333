"""The inpainting engine on a tiny Stable Diffusion inpainting model with random weights."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.config import InpaintConfig
from cratewatch.synthesis.diffusion.placement import Placement
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.scene import PhraseBox
from tests.late import Late

diffusers = Late("diffusers")
architectures = Late("cratewatch.synthesis.diffusion.architectures")
inpaint = Late("cratewatch.synthesis.diffusion.inpaint")
CONFIG = InpaintConfig(steps=4, device="cpu", precision="fp32", batch=3)
CPU = Placement(torch.device("cpu"), torch.float32)
HAND = ("a hand", (0.25, 0.25, 0.75, 0.75))
STICKER = ("a round price sticker", (0.0, 0.0, 0.5, 0.5))


@pytest.fixture(scope="module")
def pipeline(inpaint_folder: Path):
    return inpaint.load_inpaint(str(inpaint_folder), CPU)


def test_one_occluder_is_what_the_pipeline_paints(inpaint_folder, ask):
    request = ask(4, HAND)
    engine = inpaint.InpaintEngine(
        inpaint.load_inpaint(str(inpaint_folder), CPU), replace(CONFIG, batch=1, feather_px=0.0)
    )
    stock = diffusers.StableDiffusionInpaintPipeline.from_pretrained(inpaint_folder)
    stock.set_progress_bar_config(disable=True)
    expected = stock(
        "a photo of a hand in front of a record sleeve",
        image=Image.fromarray(request.image),
        mask_image=Image.fromarray(request.masks[0].astype(np.uint8) * 255),
        height=64,
        width=64,
        num_inference_steps=4,
        guidance_scale=CONFIG.guidance,
        strength=1.0,
        generator=inpaint.Stroke(request.image, request.masks[0], "", request.seed, 0).generator(),
    ).images[0]
    painted = engine.paint([request])[0]
    inside = request.masks[0]
    assert np.array_equal(painted[inside], np.asarray(expected)[inside])


def test_a_seed_gives_the_same_bytes_whatever_it_is_batched_with(pipeline, ask):
    requests = [
        ask(1, HAND, STICKER),
        PaintRequest(ask(2).image, (), (), 2),
        ask(3, STICKER, size=(50, 90)),
        ask(4, STICKER, HAND, STICKER),
    ]
    engine = inpaint.InpaintEngine(pipeline, CONFIG)
    together = engine.paint(requests)
    reversed_ = engine.paint(requests[::-1])[::-1]
    alone = [engine.paint([request])[0] for request in requests]
    for first, *others in zip(together, reversed_, alone, strict=True):
        assert all(np.array_equal(first, other) for other in others)
    assert np.array_equal(together[1], requests[1].image)


def test_pixels_outside_the_masks_are_the_original_ones(pipeline, ask):
    request = ask(5, HAND, STICKER, size=(40, 110))
    painted = inpaint.InpaintEngine(pipeline, CONFIG).paint([request])[0]
    inside = np.logical_or.reduce(request.masks)
    assert np.array_equal(painted[~inside], request.image[~inside])
    for mask in request.masks:
        assert not np.array_equal(painted[mask], request.image[mask])


def test_each_occluder_is_painted_over_the_ones_before(pipeline, ask):
    both = ask(6, HAND, STICKER)
    engine = inpaint.InpaintEngine(pipeline, CONFIG)
    first = engine.paint([replace(both, boxes=both.boxes[:1], masks=both.masks[:1])])[0]
    painted = engine.paint([both])[0]
    only_first = both.masks[0] & ~both.masks[1]
    assert np.array_equal(painted[only_first], first[only_first])
    assert not np.array_equal(painted[both.masks[1]], first[both.masks[1]])


def test_each_stroke_has_its_own_random_numbers(ask):
    request = ask(9)
    stroke = inpaint.Stroke(request.image, request.masks[0], "a hand", 9, 0)
    others = (stroke, replace(stroke, number=1), replace(stroke, seed=10))
    first, again, next_, reseeded = (
        torch.randn(8, generator=each.generator()) for each in (stroke, *others)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, next_)
    assert not torch.equal(first, reseeded)


@pytest.mark.parametrize("part", ["unet", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(inpaint_folder, tmp_path, part):
    damaged = tmp_path / "damaged"
    shutil.copytree(inpaint_folder, damaged)
    shutil.rmtree(damaged / part)
    with pytest.raises(CratewatchError, match=f"damaged/{part}: .*missing"):
        inpaint.load_inpaint(str(damaged), CPU)


def test_the_phrase_decides_what_is_painted(pipeline, ask):
    request = ask(7, HAND)
    renamed = replace(request, boxes=(PhraseBox("a glove", HAND[1]),))
    one, other = inpaint.InpaintEngine(pipeline, CONFIG).paint([request, renamed])
    assert not np.array_equal(one, other)


def test_a_pipeline_that_only_paints_from_prompts_learns_to_inpaint(inpaint_folder, ask, tmp_path):
    plain = tmp_path / "plain"
    shutil.copytree(inpaint_folder, plain)
    unet = diffusers.UNet2DConditionModel(in_channels=4, **architectures.UNET["tiny"])
    unet.save_pretrained(plain / "unet")
    index = json.loads((plain / "model_index.json").read_text())
    index["_class_name"] = "StableDiffusionPipeline"
    (plain / "model_index.json").write_text(json.dumps(index))
    request = ask(8, HAND)
    engine = inpaint.InpaintEngine(inpaint.load_inpaint(str(plain), CPU), CONFIG)
    painted = engine.paint([request])[0]
    inside = request.masks[0]
    assert not np.array_equal(painted[inside], request.image[inside])
    assert np.array_equal(painted[~inside], request.image[~inside])


def test_a_pipeline_of_another_kind_is_refused(inpaint_folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(inpaint_folder, other)
    unet = diffusers.UNet2DConditionModel(in_channels=4, **architectures.UNET["tiny"])
    unet.save_pretrained(other / "unet")
    index = {
        "_class_name": "DDIMPipeline",
        "_diffusers_version": "0.42.1",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "PNDMScheduler"],
    }
    (other / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(CratewatchError, match="no inpainting for a DDIMPipeline"):
        inpaint.load_inpaint(str(other), CPU)


def test_a_side_that_the_pipeline_cannot_draw_is_refused(pipeline):
    with pytest.raises(CratewatchError, match="size_px 60: this pipeline needs a multiple of 8"):
        inpaint.InpaintEngine(pipeline, replace(CONFIG, size_px=60))


def test_out_of_memory_halves_the_batch(pipeline, ask, monkeypatch):
    forward = pipeline.unet.forward

    def small(sample, *args, **kwargs):
        if len(sample) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(sample, *args, **kwargs)

    requests = [ask(1), ask(2)]
    expected = inpaint.InpaintEngine(pipeline, replace(CONFIG, batch=1)).paint(requests)
    monkeypatch.setattr(pipeline.unet, "forward", small)
    engine = inpaint.InpaintEngine(pipeline, replace(CONFIG, batch=4))
    painted = engine.paint(requests)
    assert engine.batch == 1
    assert all(np.array_equal(one, other) for one, other in zip(painted, expected, strict=True))
