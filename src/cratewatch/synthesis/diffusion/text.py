"""What the network is told in words: prompts token by token, phrases as one vector each."""

import logging
from functools import lru_cache

import torch

from cratewatch.synthesis.diffusion.model import GligenModel

log = logging.getLogger(__name__)


class Words:
    """Encodes texts one by one and keeps the latest, so that company never changes a text.

    A text longer than the encoder takes (77 tokens of CLIP) is cut off, which is logged.
    """

    def __init__(self, model: GligenModel) -> None:
        self._tokenizer = model.tokenizer
        self._encoder = model.text_encoder
        self._encode = lru_cache(maxsize=256)(self._encode_one)

    def prompt(self, text: str) -> torch.Tensor:
        """Return (tokens, width) for cross-attention."""
        return self._encode(text)[0]

    def phrase(self, text: str) -> torch.Tensor:
        """Return (width,): what stands at the end of the text, which has seen all of it."""
        return self._encode(text)[1]

    def _encode_one(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        length = self._tokenizer.model_max_length
        if len(self._tokenizer(text).input_ids) > length:
            log.warning("%r has more than %d tokens: the rest is not seen", text, length)
        tokens = self._tokenizer(
            text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        )
        encoded = self._encoder(tokens.input_ids.to(self._encoder.device))
        return encoded.last_hidden_state[0], encoded.pooler_output[0]
