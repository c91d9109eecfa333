"""BLIP as a network that learns: transformers' own modules behind what training asks for.

A picture's tokens are made once and serve contrast, matching and language. As in transformers'
BlipForImageTextRetrieval a text that is matched begins as every text does; BLIP's own code puts a
token [ENC] there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
)

from cratewatch.words.loading import CAPTIONS
from cratewatch.words.net import Read, Spelled, Traits
from cratewatch.words.saved_parts import load_network, load_part

MOST_TOKENS = 72
"""Of a text."""


class BlipNet(nn.Module):
    """A model for retrieval, and the decoder of one for captions if there is one."""

    def __init__(self, folder: Path, captioner: Path | None = None) -> None:
        """Load the folders.

        Raises:
            CratewatchError: if one is another model's, or files are missing or damaged.
        """
        super().__init__()
        self.retrieval = load_network(BlipForImageTextRetrieval, folder)
        self.speaks = captioner is not None
        self.decoder: Any = None
        self._captioner_config: Any = None
        if captioner is not None:
            captions = load_network(BlipForConditionalGeneration, captioner)
            self.decoder, self._captioner_config = captions.text_decoder, captions.config
        self._processor = load_part(AutoImageProcessor, folder)
        self._tokenizer = load_part(AutoTokenizer, folder)
        config = self.retrieval.config
        side = int(config.vision_config.image_size)
        self.size_px = (side, side)
        self.dim = int(config.image_text_hidden_size)
        self._places = min(MOST_TOKENS, int(config.text_config.max_position_embeddings))
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(self._processor.image_mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(self._processor.image_std), persistent=False)

    def spell(self, texts: Sequence[str]) -> Spelled:
        """Return texts as tokens."""
        read = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self._places,
            return_tensors="pt",
        )
        return Spelled(read["input_ids"], read["attention_mask"].bool())

    def see(self, pictures: Tensor) -> Tensor:
        """Return what the vision tower makes of pictures."""
        scaled = (pictures.float() / 255 - self.mean) / self.deviation
        seen = self.retrieval.vision_model(pixel_values=scaled.permute(0, 3, 1, 2))
        tokens: Tensor = seen.last_hidden_state
        return tokens

    def image_vectors(self, tokens: Tensor) -> Tensor:
        """Return (N, D) of unit length."""
        return functional.normalize(self.retrieval.vision_proj(tokens[:, 0]), dim=-1)

    def read(self, texts: Spelled) -> Read:
        """Return vectors: a text that is matched is read again, with the picture."""
        states = self.retrieval.text_encoder(
            input_ids=texts.ids, attention_mask=texts.mask.long()
        ).last_hidden_state
        vectors = functional.normalize(self.retrieval.text_proj(states[:, 0]), dim=-1)
        return Read(texts, (vectors,))

    def text_vectors(self, texts: Read) -> Tensor:
        """Return (N, D) of unit length."""
        return texts.states[0]

    def match(self, tokens: Tensor, texts: Read) -> Tensor:
        """Return logits (N, 2)."""
        states = self.retrieval.text_encoder(
            input_ids=texts.texts.ids,
            attention_mask=texts.texts.mask.long(),
            encoder_hidden_states=tokens,
            encoder_attention_mask=_all_of(tokens),
        ).last_hidden_state
        logits: Tensor = self.retrieval.itm_head(states[:, 0])
        return logits

    def speak(self, tokens: Tensor, texts: Spelled) -> Tensor:
        """Return logits (N, L, V); texts begin as those that the decoder makes do."""
        ids = texts.ids.clone()
        ids[:, 0] = self.retrieval.config.text_config.bos_token_id
        spoken = self.decoder(
            input_ids=ids,
            attention_mask=texts.mask.long(),
            encoder_hidden_states=tokens,
            encoder_attention_mask=_all_of(tokens),
        )
        logits: Tensor = spoken.logits
        return logits

    def trait_loss(self, tokens: Tensor, texts: Read, traits: Traits) -> Tensor:  # noqa: ARG002  as WordsNet has it
        """Return 0: BLIP knows no traits."""
        return tokens.new_zeros(())

    def save(self, folder: Path) -> None:
        """Write a folder as transformers does, and in it one for captions, of the same tower."""
        self.retrieval.save_pretrained(folder)
        parts = [folder]
        if self.decoder is not None:
            captions = BlipForConditionalGeneration(self._captioner_config)
            captions.vision_model = self.retrieval.vision_model
            captions.text_decoder = self.decoder
            captions.save_pretrained(folder / CAPTIONS)
            parts.append(folder / CAPTIONS)
        for part in parts:
            self._processor.save_pretrained(part)
            self._tokenizer.save_pretrained(part)


def picture_side(folder: Path) -> int:
    """Return the height and width of the pictures that a model sees."""
    return int(load_part(BlipConfig, folder).vision_config.image_size)


def _all_of(tokens: Tensor) -> Tensor:
    """Return an attention mask that hides none of the tokens."""
    return torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device)
