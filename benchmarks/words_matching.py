"""Time of the second stage of a search by words: BLIP of its real size, with random weights.

    python benchmarks/words_matching.py --threads 1 --precision fp32

Weights change nothing about time. Tells CPU time beside time, since the machine may be busy.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import BertTokenizer, BlipConfig, BlipForImageTextRetrieval, BlipImageProcessor

from cratewatch.embedding.inference import Inference
from cratewatch.words.blip import Blip
from cratewatch.words.ranking import RERANKED

PROMPT = "a woman with long black hair in an orange hoodie, blue jeans and white trainers"
CROP_PX = (192, 96)
LOOKED_AT = 4
TIMES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    inference = Inference("torch", given.precision, given.device, given.threads)
    with tempfile.TemporaryDirectory() as folder:
        save_blip_base(Path(folder))
        model = Blip(Path(folder), inference=inference)
    rng = np.random.default_rng(0)
    crops = [rng.integers(256, size=(*CROP_PX, 3), dtype=np.uint8) for _ in range(LOOKED_AT)]
    tokens = model.embed_images(crops, keeps_tokens=True).tokens
    assert tokens is not None
    print(f"tokens of a picture: {tokens.shape[1:]}, {tokens[0].nbytes:,} bytes")
    tokens = np.tile(tokens, (RERANKED // LOOKED_AT, 1, 1))
    tell(f"looking at {LOOKED_AT}", lambda: model.embed_images(crops, keeps_tokens=True))
    tell("embedding the prompt", lambda: model.embed_texts([PROMPT]))
    tell(f"matching it with {RERANKED}", lambda: model.match(PROMPT, tokens))


def save_blip_base(folder: Path) -> None:
    """Save a model with the shapes of Salesforce/blip-itm-base-coco, and words of the prompt."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", *PROMPT.replace(",", "").split()]
    numbered = {word: n for n, word in enumerate(dict.fromkeys(words))}
    BertTokenizer(vocab=numbered).save_pretrained(folder)
    BlipImageProcessor(size={"height": 384, "width": 384}).save_pretrained(folder)
    vision = {"image_size": 384, "patch_size": 16}
    BlipForImageTextRetrieval(BlipConfig(vision_config=vision)).save_pretrained(folder)


def tell(what: str, call: Callable[[], object]) -> None:
    """Print what the least of several calls took: others' work only adds to it."""
    took = []
    for _ in range(TIMES):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        began, spent = time.perf_counter(), time.process_time()
        call()
        took.append((time.perf_counter() - began, time.process_time() - spent))
    print(
        f"{what}: {min(t for t, _ in took):.2f} s, {min(c for _, c in took):.2f} CPU-s", flush=True
    )


if __name__ == "__main__":
    main()
