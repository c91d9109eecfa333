"""The file of a price model: arrays and a line of JSON in NumPy's own format, no code.

A pickle of scikit-learn's objects would run whatever it holds when it is opened, and another
version of scikit-learn could not read it. This file can be opened by whoever distrusts it.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from cratewatch.pricing.conformal import Conformal
from cratewatch.pricing.design import Design
from cratewatch.pricing.encoding import KINDS, Encoder, Group
from cratewatch.pricing.likeness import KINDS_OF_LIKENESS, Likeness
from cratewatch.pricing.model import Facts, PriceModel
from cratewatch.pricing.trees import Trees

SHAPE = 2
"""Of the file: what it holds and how that is used. One of another shape is not read."""
PRICES = "prices"
SERVING = f"{PRICES}/serving.npz"
_ENCODER = ("linear", "reference", "logs", "releases", "words", "beside")
_LIKENESS = ("middle", "scale", "rows", "pulls", "straight", "words")
_GROUP = ("keys", "sums", "counts")
Arrays = dict[str, npt.NDArray[Any]]


def save_prices(lake: Lake, model: PriceModel) -> str:
    """Keep a model under the time of its training and have it serve; return its key.

    Whoever reads at this moment gets the one before it or this one, whole.
    """
    data = to_bytes(model)
    stamp = "".join(filter(str.isalnum, model.facts.trained_at[:19]))
    key = f"{PRICES}/{stamp}-{zlib.crc32(data):08x}.npz"
    lake.write(key, data)
    lake.write(SERVING, data)
    return key


def load_prices(lake: Lake) -> PriceModel | None:
    """Return the model that serves, or None if none was trained.

    Raises:
        CratewatchError: if the file is of another shape, or is none.
    """
    try:
        data = lake.read(SERVING)
    except NotFoundError:
        return None
    return of_bytes(data, f"{lake.root}/{SERVING}")


def to_bytes(model: PriceModel) -> bytes:
    """Return a model as the bytes of its file."""
    encoder, design = model.encoder, model.encoder.design
    plain = {
        "shape": SHAPE,
        "facts": asdict(model.facts),
        "design": [design.means, design.scales, design.vocabulary],
        "shrink": {name: group.shrink for name, group in encoder.groups.items()},
        "groups": model.conformal.groups,
        "means": [likeness.mean for likeness in model.likenesses],
    }
    arrays: Arrays = {"plain": np.frombuffer(json.dumps(plain).encode(), np.uint8)}
    arrays |= {name: getattr(encoder, name) for name in _ENCODER}
    arrays |= {"ends": model.conformal.ends} | model.trees.arrays("trees.")
    for n, likeness in enumerate(model.likenesses):
        arrays |= {f"likeness{n}.{name}": getattr(likeness, name) for name in _LIKENESS}
    for name, group in encoder.groups.items():
        arrays |= {f"{name}.{part}": getattr(group, part) for part in _GROUP}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def of_bytes(data: bytes, where: str) -> PriceModel:
    """Return the model that a file holds.

    Raises:
        CratewatchError: if it is of another shape, or is none.
    """
    do = "train one anew by `cratewatch train-prices`"
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        plain = json.loads(arrays["plain"].tobytes())
        shape = plain["shape"]
        if shape == SHAPE:
            return _model(plain, arrays)
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise CratewatchError(f"{where}: it holds no price model; {do}") from error
    raise CratewatchError(
        f"{where}: a price model of shape {shape}, this version reads {SHAPE}; {do}"
    )


def _model(plain: Mapping[str, Any], arrays: Arrays) -> PriceModel:
    facts = Facts(**plain["facts"] | {"sources": tuple(plain["facts"]["sources"])})
    means, scales, vocabulary = plain["design"]
    design = Design(tuple(means), tuple(scales), tuple(map(tuple, vocabulary)))
    groups = {
        name: Group(
            **{part: arrays[f"{name}.{part}"] for part in _GROUP}, shrink=plain["shrink"][name]
        )
        for name in KINDS
    }
    encoder = Encoder(design=design, groups=groups, **{n: arrays[n] for n in _ENCODER})
    conformal = Conformal(tuple(plain["groups"]), arrays["ends"])
    likenesses = tuple(
        Likeness(kind, **{name: arrays[f"likeness{n}.{name}"] for name in _LIKENESS}, mean=mean)
        for n, (kind, mean) in enumerate(zip(KINDS_OF_LIKENESS, plain["means"], strict=True))
    )
    return PriceModel(facts, encoder, Trees.of_arrays(arrays, "trees."), likenesses, conformal)
