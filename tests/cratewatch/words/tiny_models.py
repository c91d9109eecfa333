"""BLIP, CLIP and SigLIP models with random weights, small enough for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from cratewatch.synthesis.diffusion.tiny_tokenizer import save_tiny_tokenizer
from tests.late import Late

hf = Late("transformers")

SIDE_PX = 32
WORDS = "a woman man in an orange hoodie black white shirt jeans blue trainers with backpack hat"
TEXT: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "encoder_hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "bos_token_id": 60,
    "sep_token_id": 3,
    "pad_token_id": 0,
    "eos_token_id": 3,
    "projection_dim": 24,
}
VISION: dict[str, Any] = {
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": SIDE_PX,
    "patch_size": 8,
    "projection_dim": 24,
}


def save_blip(
    folder: Path, *, seed: int = 0, captions: bool = False, vision_of: int | None = None
) -> Any:
    """Save a model for retrieval, or for captions; return the network."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{letter}" for letter in "aeiost")]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *letters]
    numbered = {word: n for n, word in enumerate(dict.fromkeys(vocab))}
    hf.BertTokenizer(vocab=numbered).save_pretrained(folder)
    hf.BlipImageProcessor(size={"height": SIDE_PX, "width": SIDE_PX}).save_pretrained(folder)
    config = hf.BlipConfig(text_config=TEXT, vision_config=VISION, image_text_hidden_size=24)
    cls = hf.BlipForConditionalGeneration if captions else hf.BlipForImageTextRetrieval
    network = stirred(cls(config), seed)
    if vision_of is not None:
        other = stirred(hf.BlipForImageTextRetrieval(config), vision_of)
        network.vision_model.load_state_dict(other.vision_model.state_dict())
    network.save_pretrained(folder)
    return network.eval()


def stirred(network: Any, seed: int) -> Any:
    """Draw weights: fresh ones are so small that every picture is like every other."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in network.parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.25, generator=random)
    return network


def save_clip(folder: Path) -> Any:
    """Save a CLIP model; return the network."""
    tokenizer = _save_around(folder)
    text = TEXT | {
        "vocab_size": 1024,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    network = stirred(hf.CLIPModel(hf.CLIPConfig(text_config=text, vision_config=VISION)), 0)
    network.save_pretrained(folder)
    return network.eval()


def save_siglip(folder: Path) -> Any:
    """Save a SigLIP model, with CLIP's tokenizer; return the network."""
    _save_around(folder)
    text = TEXT | {"vocab_size": 1024, "hidden_size": 48, "projection_size": 48}
    network = stirred(
        hf.SiglipModel(hf.SiglipConfig(text_config=text, vision_config=VISION)),
        0,
    )
    network.save_pretrained(folder)
    return network.eval()


def _save_around(folder: Path) -> Any:
    save_tiny_tokenizer(folder)
    size = {"height": SIDE_PX, "width": SIDE_PX}
    hf.CLIPImageProcessor(size=size, crop_size=size).save_pretrained(folder)
    return hf.CLIPTokenizer.from_pretrained(folder)
