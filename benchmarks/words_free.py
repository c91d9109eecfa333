"""How free prompts are read and find persons, beside captions by templates that ask the same.

    .venv/bin/python benchmarks/words_free.py people/ [--prompts FILE]

A prompt of benchmarks/words_prompts.json was written to what labels say of somebody whom no
training saw, in words of its own. It found if one of the first ten is told all that it tells and
nothing that it denies; people/ and who is searched are as in benchmarks/words.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.words import _decoded, split
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.captions import make_caption
from cratewatch.words.datasets import read_persons
from cratewatch.words.models import shipped_attributes
from cratewatch.words.prompts import parse_prompt
from cratewatch.words.traits import Look

PROMPTS = Path(__file__).with_name("words_prompts.json")
FIRST = 10
OPPOSITES = {"female": "male", "long_sleeves": "short_sleeves"}
"""How templates deny."""


@dataclass(frozen=True)
class Prompt:
    """A prompt and what it means, in words.attributes.TERMS."""

    prompt: str
    language: str
    told: Sequence[str]
    denied: Sequence[str]

    def fits(self, look: Look) -> bool:
        """Return whether labels say so of somebody."""
        return look.issuperset(self.told) and look.isdisjoint(self.denied)

    def template(self) -> str:
        """Return a caption by templates of what it tells, and denies where they can."""
        denied = [OPPOSITES[term] for term in self.denied if term in OPPOSITES]
        look = frozenset((*self.told, *denied))
        return make_caption(look, np.random.default_rng(0), self.language).text


def main() -> None:
    options = _options()
    prompts = [Prompt(**one) for one in json.loads(options.prompts.read_text("utf-8"))]
    _tell_reading(prompts)
    gallery = split(read_persons(options.people))[1]
    firsts = list({person.identity: person for person in reversed(gallery)}.values())[::-1]
    search = AttributeSearch(shipped_attributes(threads=1, tells_sex=True))
    seen = search.embed_images([_decoded(person) for person in firsts]).embeddings
    fits = np.array([[prompt.fits(person.look) for person in firsts] for prompt in prompts])
    asked = fits.any(axis=1)
    print(
        f"{asked.sum()} of {len(prompts)} prompts fit somebody, {fits.sum() / asked.sum():.1f} each"
    )
    for name, texts in (
        ("free prompts", [prompt.prompt for prompt in prompts]),
        ("templates", [prompt.template() for prompt in prompts]),
    ):
        best = np.argsort(-search.embed_texts(texts) @ seen.T, axis=1)[:, :FIRST]
        right = np.take_along_axis(fits, best, axis=1)[asked]
        print(
            f"{name:14} found {right.any(axis=1).mean():.3f}, of the first ten {right.mean():.3f}"
        )
    share = fits[asked].mean(axis=1)
    print(f"{'chance':14} found {(1 - (1 - share) ** FIRST).mean():.3f}, {share.mean():.3f}")


def _tell_reading(prompts: Sequence[Prompt]) -> None:
    """Print how much of what prompts mean is read, and how much else is."""
    meant = read = else_ = whole = 0
    for prompt in prompts:
        said = parse_prompt(prompt.prompt).said
        wants = {(want.term, want.holds) for one in said for want in one.wants}
        known = wants | {(want.term, want.holds) for one in said for want in one.instead}
        means = {(t, True) for t in prompt.told} | {(t, False) for t in prompt.denied}
        meant, read, else_ = (
            meant + len(means),
            read + len(means & known),
            else_ + len(wants - means),
        )
        whole += means <= known and wants <= means
    print(
        f"{read} of {meant} terms are read, {else_} others; of {whole} of {len(prompts)} prompts "
        "all and nothing else"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=Path)
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
