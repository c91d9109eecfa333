"""Recall on real covers by severity and sleeve size, of a model or of a perceptual hash.

    .venv/bin/python benchmarks/protocols.py --covers ../shared/data/covers \\
        --hands ../shared/data/occluders/hands --home build/demo --cells 0:128 1:128 1:64 2:96

The gallery is all covers; queries show covers of the 1,200 held-out artworks, with hands cut out
of photographs. A model that was trained on covers of the collection must not have seen these;
one that was trained on other covers has not. The last row has the verified pairs of different
images of one sleeve as clean queries. docs/evaluation.md holds the output.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.real_collection import RealCover, held_out, read_collection, verified_pairs
from cratewatch.embedding import batches, load_model, models
from cratewatch.images import load, pixels
from cratewatch.lake import open_lake
from cratewatch.metrics import Share
from cratewatch.protocol.grid import Gallery, Query, Scores, Vectors, draw_queries, score
from cratewatch.protocol.hands import load_hands
from cratewatch.settings import load_settings

Embed = Callable[[Sequence[Image.Image]], Vectors]
BATCH = 64
HASH_SIDE = 16


def main() -> None:
    options = _options()
    folder: Path = options.covers
    name, embed_covers, embed_queries = _ways(options)
    covers = read_collection(folder)
    gallery = _gallery(folder, covers, embed_covers)
    unseen = held_out(covers)
    pictures = [(c.artwork, pixels(load(folder / c.file))) for c in covers if c.artwork in unseen]
    hands = load_hands(options.hands)
    results: dict[str, Scores] = {}
    for cell in options.cells:
        severity, sleeve_px = cell.split(":")
        queries = draw_queries(
            pictures, options.queries, float(severity), int(sleeve_px), hands, options.seed
        )
        results[f"severity {severity}, {sleeve_px} px"] = score(
            list(queries), gallery, embed_queries
        )
    results["verified pairs"] = _pairs(folder, covers, gallery, embed_queries)
    _show(name, options.queries, len(covers), results)
    print(json.dumps({"model": name} | {cell: asdict(s) for cell, s in results.items()}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv")
    parser.add_argument("--hands", type=Path, required=True, help="folder of cut-outs")
    parser.add_argument("--home", type=Path, default=Path("build/demo"))
    parser.add_argument("--model", default="", help="name in the home's lake; the latest one")
    parser.add_argument("--phash", action="store_true", help="a perceptual hash, no model")
    parser.add_argument("--queries", type=int, default=600, help="in each cell")
    parser.add_argument("--cells", nargs="+", default=["0:128", "1:128", "1:64", "2:96"])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _ways(options: argparse.Namespace) -> tuple[str, Embed, Embed]:
    """Return a name, how covers are embedded, and how queries are."""
    if options.phash:
        return "perceptual hash", _hashes, _hashes
    lake = open_lake(load_settings(home=options.home).lake)
    embedder = load_model(lake, options.model or models(lake)[-1])
    return embedder.name, embedder.embed_covers, embedder.embed_queries


def _hashes(images: Sequence[Image.Image]) -> Vectors:
    """Return signs of unit length, whose product falls with the Hamming distance."""
    bits = [imagehash.phash(image, hash_size=HASH_SIDE).hash.ravel() for image in images]
    return (np.array(bits, np.float32) * 2 - 1) / np.float32(HASH_SIDE)


def _gallery(folder: Path, covers: Sequence[RealCover], embed: Embed) -> Gallery:
    vectors = [
        embed([load(folder / cover.file) for cover in covers[part]])
        for part in batches(len(covers), BATCH)
    ]
    return Gallery(np.concatenate(vectors), [cover.artwork for cover in covers])


def _pairs(folder: Path, covers: Sequence[RealCover], gallery: Gallery, embed: Embed) -> Scores:
    """Ask with one image of each pair, without itself in the gallery."""
    row = {cover.file: number for number, cover in enumerate(covers)}
    asked = {b: row[a] for a, b in verified_pairs(folder)}
    kept = [number for number, cover in enumerate(covers) if cover.file not in asked]
    rest = Gallery(gallery.vectors[kept], [gallery.artworks[number] for number in kept])
    known = set(rest.artworks)
    queries = [
        Query(_jpeg(folder / file), gallery.artworks[other])
        for file, other in asked.items()
        if gallery.artworks[other] in known
    ]
    return score(queries, rest, embed)


def _jpeg(file: Path) -> bytes:
    buffer = io.BytesIO()
    load(file).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _show(name: str, queries: int, covers: int, results: dict[str, Scores]) -> None:
    title = f"{name}: {queries} queries a row of unseen artworks among {covers} covers"
    table = Table("queries", "recall@1", "recall@5", "mAP", "recall@P90", title=title)
    for cell, scores in results.items():
        table.add_row(
            cell,
            _percent(scores.recall_at_1),
            _percent(scores.recall_at_5),
            f"{scores.mean_average_precision:.3f}",
            f"{scores.recall_at_p90:.1%}",
        )
    Console(width=100).print(table)


def _percent(share: Share) -> str:
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


if __name__ == "__main__":
    main()
