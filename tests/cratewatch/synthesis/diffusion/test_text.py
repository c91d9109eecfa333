"""Prompts and phrases against the encoder's 77 tokens."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.diffusion.placement import Placement
from cratewatch.synthesis.diffusion.tiny_tokenizer import WORDS
from cratewatch.synthesis.scene import SceneConfig, sample_scene
from tests.late import Late

if TYPE_CHECKING:
    from cratewatch.synthesis.diffusion.model import GligenModel

models = Late("cratewatch.synthesis.diffusion.model")
text = Late("cratewatch.synthesis.diffusion.text")
PROMPT = GligenConfig().prompt


@pytest.fixture(scope="module")
def model(gligen_folder: Path) -> GligenModel:
    return models.load_gligen(str(gligen_folder), Placement(torch.device("cpu"), torch.float32))


@pytest.fixture
def warned(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, also by transformers, which keeps its messages from other handlers."""
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    caplog.set_level(logging.WARNING)
    return caplog


def tokens(model: GligenModel, text: str) -> int:
    """Count without cutting: tokens as the tokenizer splits them, and one at each end."""
    return len(model.tokenizer.tokenize(text)) + 2


def test_the_words_of_our_phrases_are_one_token_each(model):
    assert {word: tokens(model, word) for word in WORDS.split()} == dict.fromkeys(WORDS.split(), 3)


def test_prompts_of_sampled_scenes_name_everything(model):
    words = text.Words(model)
    for seed in range(300):
        boxes = sample_scene(seed, SceneConfig()).boxes
        phrases = list(dict.fromkeys(box.phrase for box in boxes))
        assert words.naming(PROMPT, phrases) == PROMPT.replace("{phrases}", ", ".join(phrases))


def test_a_prompt_names_as_many_phrases_as_the_encoder_takes(model, warned):
    words = text.Words(model)
    phrases = [f"a hand holding a record sleeve beside sticker {letter}" for letter in "abcdefghij"]
    prompt = words.naming(PROMPT, phrases)
    named = [phrase for phrase in phrases if phrase in prompt]
    longer = PROMPT.replace("{phrases}", ", ".join(phrases[: len(named) + 1]))
    assert named == phrases[: len(named)]
    assert tokens(model, prompt) <= model.tokenizer.model_max_length == 77 < tokens(model, longer)
    words.prompt(prompt)
    assert not warned.messages


def test_a_phrase_that_is_longer_itself_is_left_out_of_the_prompt_and_told_when_cut(model, warned):
    words, endless = text.Words(model), "hand " * 100
    assert words.naming(PROMPT, [endless]) == "a photo of a record sleeve, "
    words.phrase(endless)
    assert len(warned.messages) == 1
    assert "has more than 77 tokens: the rest is not seen" in warned.messages[0]
