"""BLIP, CLIP and SigLIP against transformers' own classes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from cratewatch.embedding.inference import Inference
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.words.loading import load_text_image
from tests.cratewatch.words.tiny_models import save_blip, save_clip, save_siglip
from tests.late import Late

hf = Late("transformers")

EXACT = Inference(precision="fp32", device="cpu")
TEXT = "a woman in an orange hoodie"


def pictures(count: int = 19) -> list[np.ndarray]:
    """More than a batch, of different sizes."""
    rng = np.random.default_rng(0)
    return [rng.integers(256, size=(60 + n, 30 + n, 3), dtype=np.uint8) for n in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "blip"
    save_blip(folder)
    return folder


def whole(folder: Path, text: str) -> tuple[np.ndarray, np.ndarray]:
    """What transformers' own class says: logits that they fit, and cosines."""
    network = hf.BlipForImageTextRetrieval.from_pretrained(folder).eval()
    processor = hf.BlipProcessor.from_pretrained(folder)
    logits, cosines = [], []
    for picture in pictures():
        read = processor(images=picture, text=text, return_tensors="pt")
        with torch.inference_mode():
            logits.append(float(network(**read).itm_score[0, 1]))
            cosines.append(float(network(**read, use_itm_head=False).itm_score[0, 0]))
    return np.array(logits), np.array(cosines)


def test_two_stages_with_kept_tokens_equal_the_whole_model(folder: Path) -> None:
    model = load_text_image(folder, inference=EXACT)
    embedded = model.embed_images(pictures(), keeps_tokens=True)
    assert embedded.tokens is not None
    logits, cosines = whole(folder, TEXT)
    np.testing.assert_allclose(model.match(TEXT, embedded.tokens), logits, atol=1e-5)
    found = embedded.embeddings @ model.embed_texts([TEXT])[0]
    np.testing.assert_allclose(found, cosines, atol=1e-5)
    assert np.ptp(logits) > 1e-2, "the pictures differ"


def test_batches_are_as_single_ones(folder: Path) -> None:
    model = load_text_image(folder, inference=EXACT)
    together = model.embed_images(pictures(), keeps_tokens=True)
    alone = [model.embed_images([one], keeps_tokens=True) for one in pictures()]
    for n, one in enumerate(alone):
        np.testing.assert_allclose(together.embeddings[n], one.embeddings[0], atol=1e-5)
        assert one.tokens is not None
        assert together.tokens is not None
        np.testing.assert_allclose(together.tokens[n], one.tokens[0], atol=1e-4)
    texts = [TEXT, "a man", "black shirt, blue jeans and white trainers"]
    each = np.concatenate([model.embed_texts([text]) for text in texts])
    np.testing.assert_allclose(model.embed_texts(texts), each, atol=1e-5)


def test_bf16_is_near_and_keeps_half_as_much(folder: Path) -> None:
    exact = load_text_image(folder, inference=EXACT).embed_images(pictures(), keeps_tokens=True)
    model = load_text_image(folder, inference=Inference(precision="bf16", device="cpu"))
    half = model.embed_images(pictures(), keeps_tokens=True)
    assert half.tokens is not None
    assert exact.tokens is not None
    assert half.tokens.nbytes * 2 == exact.tokens.nbytes
    assert np.all(np.sum(half.embeddings * exact.embeddings, axis=1) > 0.99)
    logits, _ = whole(folder, TEXT)
    np.testing.assert_allclose(model.match(TEXT, half.tokens), logits, atol=0.15 * np.ptp(logits))


def test_a_vision_tower_that_is_the_same_looks_once(folder: Path, tmp_path: Path) -> None:
    network = save_blip(tmp_path / "same", seed=3, captions=True, vision_of=0)
    save_blip(tmp_path / "other", seed=4, captions=True)
    processor = hf.BlipProcessor.from_pretrained(tmp_path / "same")
    shared = load_text_image(folder, tmp_path / "same", EXACT)
    tokens = shared.embed_images(pictures(3), keeps_tokens=True).tokens
    read = processor(images=pictures(3), return_tensors="pt")
    made = network.generate(read["pixel_values"], max_new_tokens=24)
    wanted = [one.strip() for one in processor.batch_decode(made, skip_special_tokens=True)]
    assert shared.caption(pictures(3), tokens) == wanted
    assert shared.caption(pictures(3)) == wanted
    apart = load_text_image(folder, tmp_path / "other", EXACT)
    assert apart.caption(pictures(3), tokens) == apart.caption(pictures(3))


def test_other_weights_have_another_name(folder: Path, tmp_path: Path) -> None:
    save_blip(tmp_path / "blip", seed=1)
    name, other = load_text_image(folder).name, load_text_image(tmp_path / "blip").name
    assert name != other
    assert name.replace("_", "").isalnum()
    assert name.startswith("blip_")


def test_clip_and_siglip_by_the_same_interface(tmp_path: Path) -> None:
    for save in (save_clip, save_siglip):
        folder = tmp_path / save.__name__
        network = save(folder)
        model = load_text_image(folder, inference=EXACT)
        rows = model.embed_images(pictures(3)).embeddings
        texts = model.embed_texts([TEXT, "a man"])
        assert rows.shape == (3, model.dim)
        assert texts.shape == (2, model.dim)
        np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
        assert not model.can_match
        with pytest.raises(ValueError, match="second stage"):
            model.match(TEXT, rows[:, None])
        assert network.config.model_type == model.name.split("_")[0]


def test_long_texts_and_no_pictures(folder: Path) -> None:
    model = load_text_image(folder, inference=EXACT)
    assert model.embed_texts(["hat " * 2000]).shape == (1, model.dim)
    assert model.embed_images([]).embeddings.shape == (0, model.dim)
    assert model.match("x", np.empty((0, 17, 48), np.float32)).shape == (0,)


def test_wrong_folders_say_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        load_text_image(tmp_path / "none")
    with pytest.raises(CratewatchError, match=r"config\.json is missing"):
        load_text_image(tmp_path)
    config = tmp_path / "config.json"
    config.write_text('{"model_type": "llama"}')
    with pytest.raises(CratewatchError, match="kind 'llama'; give the folder of a BLIP"):
        load_text_image(tmp_path)
    config.write_text("[]")
    with pytest.raises(CratewatchError, match="tells no kind"):
        load_text_image(tmp_path)
    config.write_text('{"model_type": "clip"}')
    with pytest.raises(CratewatchError, match="no BLIP model, which alone makes captions"):
        load_text_image(folder, tmp_path)


def test_a_captioning_model_is_no_retrieval(tmp_path: Path) -> None:
    save_blip(tmp_path, captions=True)
    with pytest.raises(CratewatchError, match=r"\d+ weights of BlipForImageTextRetrieval are miss"):
        load_text_image(tmp_path)


def test_weights_of_other_sizes_and_damaged_ones(tmp_path: Path) -> None:
    save_blip(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["image_text_hidden_size"] = 12
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CratewatchError, match=r"another size|cannot be loaded"):
        load_text_image(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(CratewatchError, match="copy the whole folder"):
        load_text_image(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(bytes(range(1, 200)))  # of an older transformers
    with pytest.raises(CratewatchError, match=r"damaged or hold more than numbers") as caught:
        load_text_image(tmp_path)
    assert "weights_only" not in str(caught.value)
