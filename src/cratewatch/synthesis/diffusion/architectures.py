"""GLIGEN and a Stable Diffusion inpainting model with random weights, tiny or of full size.

    python -m cratewatch.synthesis.diffusion.architectures tiny-gligen --kind gligen --size tiny

Tiny ones let tests, CI and a first try run on a CPU; they paint noise. Full ones have the
architecture of Stable Diffusion 1.4 with GLIGEN's gates, for measuring speed and memory.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Literal

import diffusers
import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from diffusers.models.attention import GatedSelfAttentionDense
from transformers import CLIPTextConfig, CLIPTextModel

from cratewatch.synthesis.diffusion.model import PIPELINE, GligenModel, load_tokenizer
from cratewatch.synthesis.diffusion.random_weights import MARK
from cratewatch.synthesis.diffusion.tiny_tokenizer import save_tiny_tokenizer

Kind = Literal["gligen", "inpaint"]
Size = Literal["tiny", "full"]

UNET: dict[Size, dict[str, Any]] = {
    "tiny": {
        "sample_size": 8,
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "cross_attention_dim": 32,
        "attention_head_dim": 4,
        "norm_num_groups": 8,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    },
    "full": {"sample_size": 64, "cross_attention_dim": 768},
}
VAE: dict[Size, dict[str, Any]] = {
    "tiny": {
        "sample_size": 64,
        "block_out_channels": (8, 8, 16, 16),
        "layers_per_block": 1,
        "norm_num_groups": 4,
    },
    "full": {
        "sample_size": 512,
        "block_out_channels": (128, 256, 512, 512),
        "layers_per_block": 2,
    },
}
TEXT: dict[Size, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 1024,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    },
    "full": {
        "vocab_size": 49408,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
    },
}


def make_model(folder: Path, kind: Kind = "gligen", size: Size = "tiny", seed: int = 0) -> None:
    """Save a model with random weights in diffusers' format; the same arguments, the same bytes."""
    model = build_model(folder, kind, size, seed)
    parts: dict[str, Any] = {
        "unet": model.unet,
        "vae": model.vae,
        "text_encoder": model.text_encoder,
        "scheduler": model.scheduler,
    }
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    index = {
        "_class_name": PIPELINE if kind == "gligen" else "StableDiffusionInpaintPipeline",
        "_diffusers_version": diffusers.__version__,
        MARK: True,
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


def build_model(folder: Path, kind: Kind, size: Size, seed: int) -> GligenModel:
    """Return such a model in memory; only its tokenizer is saved, in the folder."""
    save_tiny_tokenizer(folder / "tokenizer")
    tokenizer = load_tokenizer(folder)
    attention = "gated" if kind == "gligen" else "default"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(in_channels=9, attention_type=attention, **UNET[size])
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            **VAE[size],
        )
        text_config = CLIPTextConfig(
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, **TEXT[size]
        )
        text_encoder = CLIPTextModel(text_config)
    open_gates(unet)
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    return GligenModel(unet.eval(), vae.eval(), text_encoder.eval(), tokenizer, scheduler)


def open_gates(unet: UNet2DConditionModel) -> None:
    """Let boxes and phrases have an effect: the gates of fresh weights are closed."""
    for module in unet.modules():
        if isinstance(module, GatedSelfAttentionDense):
            torch.nn.init.ones_(module.alpha_attn)
            torch.nn.init.ones_(module.alpha_dense)


def main() -> None:
    """Save a model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=["gligen", "inpaint"], default="gligen")
    parser.add_argument("--size", choices=["tiny", "full"], default="tiny")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    make_model(options.folder, options.kind, options.size, options.seed)


if __name__ == "__main__":
    main()
