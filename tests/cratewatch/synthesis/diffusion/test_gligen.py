"""The GLIGEN engine on a tiny model with random weights and open gates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.diffusion.engines import make_engine
from cratewatch.synthesis.diffusion.placement import Placement
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.scene import PhraseBox
from tests.late import Late

if TYPE_CHECKING:
    from cratewatch.synthesis.diffusion.model import GligenModel

diffusers = Late("diffusers")
attention = Late("diffusers.models.attention")
gligen = Late("cratewatch.synthesis.diffusion.gligen")
models = Late("cratewatch.synthesis.diffusion.model")
CONFIG = GligenConfig(steps=4, device="cpu", precision="fp32", batch=2, prompt="a photo")
CPU = Placement(torch.device("cpu"), torch.float32)
HAND = ("a hand", (0.25, 0.25, 0.75, 0.75))
STICKER = ("a round price sticker", (0.0, 0.0, 0.5, 0.25))


@pytest.fixture(scope="module")
def model(gligen_folder: Path) -> GligenModel:
    return models.load_gligen(str(gligen_folder), CPU)


@pytest.mark.parametrize(("guidance", "beta"), [(7.5, 1.0), (7.5, 0.5), (1.0, 0.0)])
def test_it_denoises_as_the_stock_pipeline_does(
    model, gligen_folder, ask, guidance, beta, monkeypatch
):
    """The stock pipeline draws from PyTorch's global generator: the VAE's sample, the first
    latents (those that its own generator gave are replaced), then noise at each step. Each of our
    samples draws the same, in that order, from its own: so setting the global seed gives equal
    noise. It uses randn_like, which fills tensors in another order where the VAE's convolutions
    left them channels last; hence the patch.
    """
    monkeypatch.setattr(torch, "randn_like", lambda like: torch.randn(like.shape))
    request = ask(7, HAND, STICKER)
    config = replace(CONFIG, guidance=guidance, beta=beta, negative_prompt="dark", feather_px=0.0)
    stock = diffusers.StableDiffusionGLIGENPipeline.from_pretrained(gligen_folder)
    stock.set_progress_bar_config(disable=True)
    stock.vae.sample_size = 64  # it asks here, which itself is deprecated
    torch.manual_seed(request.seed)
    latents = stock(
        "a photo",
        negative_prompt="dark",
        num_inference_steps=config.steps,
        guidance_scale=guidance,
        gligen_scheduled_sampling_beta=beta,
        gligen_phrases=[box.phrase for box in request.boxes],
        gligen_boxes=[list(box.xyxy) for box in request.boxes],
        gligen_inpaint_image=Image.fromarray(request.image),
        generator=torch.Generator().manual_seed(0),  # of latents that it throws away
        output_type="latent",
    ).images
    engine = gligen.GligenEngine(model, config)
    torch.testing.assert_close(engine.denoise([request]), latents, rtol=1e-4, atol=1e-4)

    decoded = stock.vae.decode(latents / stock.vae.config.scaling_factor).sample
    pixels = stock.image_processor.postprocess(decoded.detach(), output_type="np")[0] * 255
    inside = np.logical_or.reduce(request.masks)
    painted = engine.paint([request])[0]
    np.testing.assert_allclose(painted[inside], pixels[inside], atol=0.51)


def test_a_seed_gives_the_same_bytes_whatever_it_is_batched_with(model, ask):
    requests = [
        ask(1, HAND),
        ask(2, STICKER, HAND, size=(50, 90)),
        ask(3, ("a glove", (0.5, 0.0, 1.0, 1.0)), size=(200, 130)),
    ]
    three = gligen.GligenEngine(model, replace(CONFIG, batch=3))
    together = three.paint(requests)
    reversed_ = three.paint(requests[::-1])[::-1]
    alone = [three.paint([request])[0] for request in requests]
    for first, *others in zip(together, reversed_, alone, strict=True):
        assert all(np.array_equal(first, other) for other in others)


def test_the_size_of_the_batch_changes_roundings_only(model, ask):
    """Matrix products of other shapes add up in another order; a filled batch keeps its shape."""
    requests = [ask(1), ask(2), ask(3)]
    latents = gligen.GligenEngine(model, CONFIG).denoise(requests)
    engines = [gligen.GligenEngine(model, CONFIG) for _ in requests]
    alone = torch.cat(
        [engine.denoise([one]) for engine, one in zip(engines, requests, strict=True)]
    )
    torch.testing.assert_close(latents, alone, rtol=1e-4, atol=1e-4)


def test_another_seed_paints_something_else(model, ask):
    request = ask(1)
    engine = gligen.GligenEngine(model, CONFIG)
    one, other = engine.paint([request, replace(request, seed=2)])
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("size", [(64, 64), (31, 200), (300, 90), (1, 9)])
def test_pixels_outside_the_masks_are_the_original_ones(model, ask, size):
    request = ask(5, ("a hand", (0.3, 0.0, 0.8, 1.0)), size=size)
    painted = gligen.GligenEngine(model, CONFIG).paint([request])[0]
    inside = request.masks[0]
    assert painted.shape == request.image.shape
    assert np.array_equal(painted[~inside], request.image[~inside])
    assert not np.array_equal(painted[inside], request.image[inside])


def test_a_request_without_masks_comes_back_as_it_is(model, ask):
    bare = PaintRequest(ask(1).image, (), (), 1)
    painted = gligen.GligenEngine(model, CONFIG).paint([bare])[0]
    assert np.array_equal(painted, bare.image)
    assert painted is not bare.image


@pytest.mark.parametrize("gates", ["open", "closed"])
def test_phrases_and_boxes_decide_what_is_painted(gligen_folder, ask, gates):
    model = models.load_gligen(str(gligen_folder), CPU)
    if gates == "closed":
        for module in model.unet.modules():
            if isinstance(module, attention.GatedSelfAttentionDense):
                torch.nn.init.zeros_(module.alpha_attn)
                torch.nn.init.zeros_(module.alpha_dense)
    request = ask(1, HAND)
    renamed = replace(request, boxes=(PhraseBox("a starburst", HAND[1]),))
    moved = replace(request, boxes=(PhraseBox(HAND[0], (0.3, 0.3, 0.6, 0.7)),))
    twice = replace(request, boxes=(*request.boxes, *moved.boxes), masks=request.masks * 2)
    painted = gligen.GligenEngine(model, CONFIG).paint([request, renamed, moved, twice])
    same = [np.array_equal(painted[0], other) for other in painted[1:]]
    assert same == [gates == "closed"] * 3


def test_the_prompt_names_the_phrases(model, ask):
    config = replace(CONFIG, beta=0.0)  # boxes have no say
    request = ask(1, HAND)
    renamed = replace(request, boxes=(PhraseBox("a starburst", HAND[1]),))
    without = gligen.GligenEngine(model, config).paint([request, renamed])
    config = replace(config, prompt="a {phrases}")
    named = gligen.GligenEngine(model, config).paint([request, renamed])
    assert np.array_equal(without[0], without[1])
    assert not np.array_equal(named[0], named[1])


def test_thirty_boxes_are_painted_and_one_more_is_refused(model, ask):
    engine = gligen.GligenEngine(model, CONFIG)
    engine.paint([ask(1, *[HAND] * 30)])
    with pytest.raises(CratewatchError, match="31 boxes: GLIGEN paints 30 at most"):
        engine.paint([ask(1, *[HAND] * 31)])


class SmallMemory:
    """A UNet's forward on a GPU that holds so many rows."""

    def __init__(self, forward, rows: int) -> None:
        self._forward, self._rows = forward, rows

    def __call__(self, sample, *args, **kwargs):
        if len(sample) > self._rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self._forward(sample, *args, **kwargs)


def test_out_of_memory_halves_the_batch(model, ask, monkeypatch):
    requests = [ask(seed) for seed in range(5)]
    expected = gligen.GligenEngine(model, CONFIG).paint(requests)
    monkeypatch.setattr(model.unet, "forward", SmallMemory(model.unet.forward, rows=2 * 2))
    engine = gligen.GligenEngine(model, replace(CONFIG, batch=8))
    painted = engine.paint(requests)
    assert engine.batch == 2
    assert all(np.array_equal(one, other) for one, other in zip(painted, expected, strict=True))


def test_out_of_memory_with_one_picture_says_what_to_do(model, ask, monkeypatch):
    monkeypatch.setattr(model.unet, "forward", SmallMemory(model.unet.forward, rows=1))
    with pytest.raises(CratewatchError, match=r"does not hold one picture: .*attention slicing"):
        gligen.GligenEngine(model, replace(CONFIG, batch=8)).paint([ask(1)])


def test_attention_in_slices_paints_the_same(gligen_folder, ask):
    whole = make_engine("gligen", str(gligen_folder), CONFIG)
    sliced = make_engine("gligen", str(gligen_folder), replace(CONFIG, attention_slicing=True))
    one, other = (engine.paint([ask(1)])[0].astype(int) for engine in (whole, sliced))
    assert np.abs(one - other).max() <= 1


def test_bf16_paints_nearly_the_same(gligen_folder, ask):
    exact = make_engine("gligen", str(gligen_folder), CONFIG)
    rough = make_engine("gligen", str(gligen_folder), replace(CONFIG, precision="bf16"))
    one, other = (engine.paint([ask(1)])[0].astype(int) for engine in (exact, rough))
    assert 0 < np.abs(one - other).max() < 100
    assert np.abs(one - other)[ask(1).masks[0]].mean() < 12
