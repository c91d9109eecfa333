"""How well descriptions find persons, on pictures that no model saw: R@1, 5, 10 of each way.

    .venv/bin/python benchmarks/words.py people/ --least-squares
    .venv/bin/python benchmarks/words.py people/ --trunk mobilenet_v1.npz --train
    .venv/bin/python benchmarks/words.py people/ [--json FILE]

people/ is a data set of attributes (see docs/words.md). Persons are split by a hash of their
identity: 1,000 of them are looked for, one picture each, and the others are trained on. What is
trained so on pictures that are for research only is measured, and never ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from sklearn.metrics import top_k_accuracy_score

from cratewatch.finding.quads import Rgb
from cratewatch.lake.folder import FolderLake
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.attributes import Attributes
from cratewatch.words.captions import Caption, make_caption
from cratewatch.words.datasets import Person, read_persons
from cratewatch.words.evaluation import KS, RERANKED, Scores, bleu, judge, measure
from cratewatch.words.figure_attributes import FigureAttributes
from cratewatch.words.models import shipped_attributes
from cratewatch.words.networks import picture_size
from cratewatch.words.pairs import PairSet
from cratewatch.words.person_attributes import PersonAttributes
from cratewatch.words.person_model import PersonModel, likely_look
from cratewatch.words.saving import PREFIX, save_words
from cratewatch.words.train_config import PersonNetConfig, WordsConfig
from cratewatch.words.training import WordsTrainer
from cratewatch.words.trait_fit import fit_traits
from cratewatch.words.traits import GROUPS, NUMBER_OF, TRAITS

GALLERY = 1000
CONFIG = WordsConfig(
    net=PersonNetConfig(height_px=128),
    frozen=8,
    steps=400,
    round_steps=25,
    batch=48,
    languages=("en", "en", "en", "ko"),
    whole=0.75,
    validation=0.0,
)
PHRASINGS = 5
"""Of a reference, that BLEU takes."""
Rows = dict[str, dict[str, float]]


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    train, gallery = split(read_persons(options.people))
    config = replace(CONFIG, trunk=str(options.trunk) if options.train else "")
    if options.train:
        learn(train, config, options.build)
    if options.least_squares:
        fit(train, options.build)
    rows = table(gallery, _trained(options.build))
    print(f"{'':44}" + "".join(f"{f'R@{k}':>8}" for k in KS) + "    mean")
    for name, row in rows.items():
        print(f"{name:44}" + "".join(f"{value:8.3f}" for value in row.values()))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def split(persons: list[Person]) -> tuple[list[Person], list[Person]]:
    """Return pictures to learn from, and those of GALLERY other persons."""

    def place(identity: str) -> str:
        return hashlib.sha256(f"words-split:{identity}".encode()).hexdigest()

    order = sorted({person.identity for person in persons}, key=place)
    held_out = set(order[:GALLERY])
    train = [person for person in persons if person.identity not in held_out]
    return train, [person for person in persons if person.identity in held_out]


def learn(persons: list[Person], config: WordsConfig, folder: Path) -> None:
    """Train, or go on, and leave a model folder."""
    size = (config.net.height_px, config.net.height_px // 2)
    lake = FolderLake(folder)
    trainer = WordsTrainer(PairSet(persons, size), config, None, Checkpoints(lake, "words"), "cpu")
    for told in trainer.steps():
        if told.step % 10 == 0:
            print(
                f"{told.step}/{told.steps} loss {told.loss:.3f} left {told.left_s:.0f} s",
                flush=True,
            )
    print(save_words(lake, trainer.net, config, {"seconds": round(told.seconds, 1)}))


def fit(persons: list[Person], folder: Path) -> None:
    """Fit by least squares, and leave a model folder."""
    config = WordsConfig(least_squares=True)
    start = time.process_time()
    net = fit_traits(PairSet(persons, picture_size(config), margin=1.0), config)
    seconds = round(time.process_time() - start, 1)
    print(f"{seconds} CPU-s, unexplained {net.unexplained():.3f}", flush=True)
    print(save_words(FolderLake(folder), net, config, {"seconds": seconds}))


def _trained(build: Path) -> Path | None:
    folders = sorted((build / PREFIX).glob("person_*"), key=lambda folder: folder.stat().st_mtime)
    return folders[-1] if folders else None


def table(gallery: list[Person], trained: Path | None) -> Rows:
    """Return recalls by way."""
    firsts = list({person.identity: person for person in reversed(gallery)}.values())[::-1]
    asked = {language: _captions(firsts, language) for language in ("en", "ko")}
    pictures = [_decoded(person) for person in firsts]
    rows = _bounds(asked["en"])
    rows |= _shipped_rows(pictures, asked)
    if trained is None:
        return rows
    model = PersonModel(trained)
    rows |= _trained_rows(model, pictures, asked)
    rows |= _all_pictures(model, gallery)
    config = replace(CONFIG, seed=1)
    data = PairSet(firsts, model._net.size_px)
    again = measure(model._net, data, config, RERANKED)
    rows["the same by evaluation.measure, said otherwise"] = {
        **{str(k): again.strict[k] for k in KS},
        "mean": again.mean,
    }
    said = [
        make_caption(likely_look(p), np.random.default_rng(n)).text
        for n, p in enumerate(model.trait_probabilities(pictures, None))
    ]
    print(f"BLEU of its captions: {bleu(said, [_references(person) for person in firsts]):.1f}")
    return rows


def _bounds(captions: list[Caption]) -> Rows:
    found = judge(
        np.eye(len(captions), dtype=np.float32), np.arange(len(captions)), _numbers(captions)
    )
    return {
        name: {**{str(k): bound[k] for k in KS}, "mean": float(np.mean(list(bound.values())))}
        for name, bound in (("chance", found.chance), ("ceiling by equal captions", found.ceiling))
    }


class _NoColours:
    """Tells no colours, so that attributes can be measured alone."""

    name = "no_colours"
    terms: tuple[str, ...] = ()

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        return [Attributes({})] * len(crops)


def _shipped_rows(pictures: list[Rgb], asked: dict[str, list[Caption]]) -> Rows:
    """Return recalls of what ships: each alone, and all of it, without sex and with it."""
    ways = {
        "colours by pixels": AttributeSearch(),
        "attributes of Open Model Zoo": AttributeSearch(PersonAttributes(threads=1), _NoColours()),
        "fitted to figures": AttributeSearch(FigureAttributes(threads=1)),
        "shipped: all three": AttributeSearch(shipped_attributes(threads=1)),
        "shipped: all three, with sex": AttributeSearch(
            shipped_attributes(threads=1, tells_sex=True)
        ),
    }
    rows: Rows = {}
    for name, way in ways.items():
        start = time.process_time()
        seen = way.embed_images(pictures).embeddings
        print(
            f"{name}: {1000 * (time.process_time() - start) / len(pictures):.1f} CPU-ms a picture"
        )
        for language in asked if "shipped:" in name else ("en",):
            captions = asked[language]
            told = name if language == "en" else f"{name}, {language}"
            rows[told] = _row(way.embed_texts(_texts(captions)) @ seen.T, captions)
    return rows


def _trained_rows(model: PersonModel, pictures: list[Rgb], asked: dict[str, list[Caption]]) -> Rows:
    start = time.process_time()
    embedded = model.embed_images(pictures, keeps_tokens=True)
    print(f"looking: {1000 * (time.process_time() - start) / len(pictures):.1f} CPU-ms a picture")
    assert embedded.tokens is not None
    english = asked["en"]
    told = np.zeros((len(english), len(TRAITS)), np.float32)
    for row, caption in zip(told, english, strict=True):
        row[[NUMBER_OF[trait] for trait in caption.told]] = 1
    odds = np.clip(model.trait_probabilities(pictures, embedded.tokens), 1e-6, 1 - 1e-6)
    bag = told @ np.log(odds).T
    rows = {
        "attributes seen, those asked for": _row(bag, english),
        "attributes seen, and those not asked for": _row(
            bag + (1 - told) @ np.log(1 - odds).T, english
        ),
    }
    for language, captions in asked.items():
        texts = _texts(captions)
        cosines = model.embed_texts(texts) @ embedded.embeddings.T
        rows[f"trained, {language}: similarity"] = _row(cosines, captions)
        final = cosines.copy()
        for n, best in enumerate(np.argsort(-cosines, axis=1)[:, :RERANKED]):
            logits = model.match(texts[n], embedded.tokens[best])
            final[n, best] = 1000 + logits + cosines[n, best]
        rows[f"trained, {language}: the best 32 matched"] = _row(final, captions)
    return rows


def _all_pictures(model: PersonModel, gallery: list[Person]) -> Rows:
    """Return recalls where each person has all of his pictures: strictly, and by identity."""
    pictures = [_decoded(person) for person in gallery]
    captions = _captions(gallery, "en")
    embedded = model.embed_images(pictures)
    number = {identity: n for n, identity in enumerate({p.identity: 0 for p in gallery})}
    persons = np.array([number[person.identity] for person in gallery])
    first = np.unique(persons, return_index=True)[1]  # one question for each person
    scores = model.embed_texts(_texts(captions)) @ embedded.embeddings.T
    strict, by_identity = [], []
    for row in first:
        order = np.argsort(-scores[row], kind="stable")
        strict.append(int(np.flatnonzero(order == row)[0]))
        by_identity.append(int(np.flatnonzero(persons[order] == persons[row])[0]))
    name = f"all {len(gallery)} pictures, similarity"
    return {f"{name}: strictly": _of_ranks(strict), f"{name}: by identity": _of_ranks(by_identity)}


def _of_ranks(ranks: list[int]) -> dict[str, float]:
    found = {str(k): float(np.mean(np.array(ranks) < k)) for k in KS}
    return {**found, "mean": float(np.mean(list(found.values())))}


def _row(scores: Scores, captions: list[Caption]) -> dict[str, float]:
    """Return recalls, told twice: by judge() and, where no scores are equal, by scikit-learn."""
    count = len(captions)
    found = judge(scores, np.arange(count), _numbers(captions))
    if all(len(np.unique(row)) == count for row in scores):
        for k in KS:
            other = top_k_accuracy_score(np.arange(count), scores, k=k)
            assert abs(other - found.strict[k]) < 0.0015, (k, other, found.strict[k])
    return {**{str(k): found.strict[k] for k in KS}, "mean": found.mean}


def _captions(persons: list[Person], language: str) -> list[Caption]:
    rng = np.random.default_rng(0)
    return [make_caption(person.look, rng, language) for person in persons]


def _references(person: Person) -> list[str]:
    rng = np.random.default_rng(1)
    look = person.look - set(GROUPS["subject"])
    return [make_caption(look, rng).text for _ in range(PHRASINGS)]


def _texts(captions: list[Caption]) -> list[str]:
    return [caption.text for caption in captions]


def _numbers(captions: list[Caption]) -> np.ndarray:
    numbers = {told: n for n, told in enumerate({caption.told for caption in captions})}
    return np.array([numbers[caption.told] for caption in captions])


def _decoded(person: Person) -> Rgb:
    picture = cv2.imdecode(np.frombuffer(person.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=Path)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--least-squares", action="store_true")
    parser.add_argument("--trunk", type=Path, help="MobileNetV1's weights from ImageNet")
    parser.add_argument("--build", type=Path, default=Path("build/words"))
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
