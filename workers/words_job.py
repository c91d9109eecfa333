"""What the workers of a training by words are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cratewatch.lake.lake import Lake
from cratewatch.words.train_config import WordsConfig


@dataclass(frozen=True)
class WordsJob:
    """What a training needs to know, wherever it runs; the lake receives what comes of it."""

    lake: Lake
    folder: Path
    config: WordsConfig
