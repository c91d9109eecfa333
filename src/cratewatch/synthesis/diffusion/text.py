"""What the network is told in words: prompts token by token, phrases as one vector each."""

import logging
from collections.abc import Sequence
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

    def naming(self, prompt: str, phrases: Sequence[str]) -> str:
        """Return a prompt whose "{phrases}" are as many, from the first, as the encoder takes.

        Those left out are heard all the same: each box has its phrase beside the prompt.
        """
        prompts = [
            prompt.replace("{phrases}", ", ".join(phrases[:count]))
            for count in range(len(phrases), -1, -1)
        ]
        return next((text for text in prompts if not self._too_long(text)), prompts[-1])

    def prompt(self, text: str) -> torch.Tensor:
        """Return (tokens, width) for cross-attention."""
        return self._encode(text)[0]

    def phrase(self, text: str) -> torch.Tensor:
        """Return (width,): what stands at the end of the text, which has seen all of it."""
        return self._encode(text)[1]

    def _encode_one(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        length = self._tokenizer.model_max_length
        if self._too_long(text):
            log.warning("%r has more than %d tokens: the rest is not seen", text, length)
        tokens = self._tokenizer(
            text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        )
        encoded = self._encoder(tokens.input_ids.to(self._encoder.device))
        return encoded.last_hidden_state[0], encoded.pooler_output[0]

    def _too_long(self, text: str) -> bool:
        length = self._tokenizer.model_max_length
        # Cut one token later: of a text that it does not cut the tokenizer warns itself.
        tokens = self._tokenizer(text, truncation=True, max_length=length + 1).input_ids
        return len(tokens) > int(length)
