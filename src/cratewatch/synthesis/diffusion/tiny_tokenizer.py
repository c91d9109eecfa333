"""A CLIP tokenizer of a few hundred tokens: every byte, and the words of our phrases."""

import json
from pathlib import Path

WORDS = """
a an and below beside corner cover dark fingers from front glove gloved hand hands held holding
in left light lying medium of on over photo pinching price record rectangular right round skin
sleeve starburst sticker the thumb vinyl with
"""
"""One token each; whatever else is written falls into single bytes."""


def save_tiny_tokenizer(folder: Path) -> None:
    """Write vocab.json, merges.txt and tokenizer_config.json, as CLIPTokenizer reads them."""
    letters = list(_byte_letters())
    vocab = [*letters, *(f"{letter}</w>" for letter in letters)]
    merges: list[tuple[str, str]] = []
    for word in WORDS.split():
        pieces = _pieces(word, merges)
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces[:2] = [pieces[0] + pieces[1]]
            vocab.append(pieces[0])
    vocab += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    numbered = {token: number for number, token in enumerate(vocab)}
    (folder / "vocab.json").write_text(json.dumps(numbered), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _pieces(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """Return what a word falls into: pairs are joined in the order of the merges."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    for pair in merges:
        at = 0
        while at + 1 < len(pieces):
            if (pieces[at], pieces[at + 1]) == pair:
                pieces[at : at + 2] = ["".join(pair)]
            at += 1
    return pieces


def _byte_letters() -> str:
    """Return the letters that stand for bytes: printable ones as they are, the rest from U+0100."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in printable else next(others)) for byte in range(256))
