"""The model of attributes that ships: what it is, what it is shown, and what is made of it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from cratewatch.embedding.openvino_runtime import Compiled, read_file
from cratewatch.errors import CratewatchError
from cratewatch.footage.appearance import SHIPPED_APPEARANCE
from cratewatch.words.attribute_search import AttributeSearch, seen_terms
from cratewatch.words.attributes import TERMS
from cratewatch.words.explaining import explain
from cratewatch.words.models import open_models
from cratewatch.words.person_attributes import SHIPPED_ATTRIBUTES, TRUST, PersonAttributes

pytestmark = pytest.mark.heavy

PUBLISHED = {
    ".xml": "e77cf6191fa27d09310cf388a966ceefc2edde1235daf3eb9714ee865435d289",
    ".bin": "ff3b5f76cecac2f3338f6a1b43f2e2f4e73073ac8f884457fe4bff8bd387905f",
}
ORDER = ("male", "bag", "backpack", "hat", "long_sleeves", "trousers", "long_hair", "coat")


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    sizes = [(160, 80), (300, 90), (48, 20), (1, 1)]
    return [
        cv2.resize(rng.integers(0, 255, (6, 4, 3), np.uint8), (width, height))
        for height, width in sizes
    ]


def literally(crops: list[np.ndarray]) -> list[dict[str, float]]:
    """The model as its page describes it, one crop at a time; then log odds times TRUST."""
    model = Compiled(read_file(SHIPPED_ATTRIBUTES), "fp32", threads=1)
    told = []
    for crop in crops:
        bgr = cv2.cvtColor(cv2.resize(crop, (80, 160)), cv2.COLOR_RGB2BGR)
        (values,) = model(bgr.transpose(2, 0, 1)[None].astype(np.float32))[0].reshape(1, 8)
        odds = np.log(values / (1 - values)) * TRUST
        told.append(dict(zip(ORDER, 1 / (1 + np.exp(-odds)), strict=True)))
    return told


def test_it_is_the_file_that_was_measured() -> None:
    for suffix, wanted in PUBLISHED.items():
        data = SHIPPED_ATTRIBUTES.with_suffix(suffix).read_bytes()
        assert hashlib.sha256(data).hexdigest() == wanted


def test_it_tells_what_the_model_says_literally(crops: list[np.ndarray]) -> None:
    looks = PersonAttributes(tells_sex=True).look(crops)
    for look, wanted in zip(looks, literally(crops), strict=True):
        wanted["female"] = 1 - wanted.pop("male")
        del wanted["coat"]
        assert look.probabilities == pytest.approx(wanted, abs=2e-4)


def test_batches_and_threads_change_nothing(crops: list[np.ndarray]) -> None:
    model = PersonAttributes(threads=1)
    many = model.look(crops * 20)
    assert model.look(crops * 20) == many
    for look, alone in zip(many, [model.look([crop])[0] for crop in crops], strict=False):
        assert look.probabilities == pytest.approx(alone.probabilities, abs=1e-4)
    assert model.look([]) == []


def test_sex_is_told_only_if_asked_for(crops: list[np.ndarray]) -> None:
    model = PersonAttributes()
    assert "female" not in model.terms
    assert all("female" not in look.probabilities for look in model.look(crops))
    assert set(PersonAttributes(tells_sex=True).terms) - set(model.terms) == {"female"}
    prompt = "a woman in an orange hoodie with a hat"
    said = str(explain(prompt, open_models().model))
    assert said == (
        "orange · hoodie as long sleeves · hat: by colour and attributes; not answered: woman"
    )
    assert "woman" in explain(prompt, open_models(tells_sex=True).model).answered
    names = {open_models().model.name, open_models(tells_sex=True).model.name}
    assert len(names) == 2  # other rows
    for sexed in (False, True):  # of an index that was made before figures shipped
        older = AttributeSearch(PersonAttributes(tells_sex=sexed)).name
        assert older in {one.name for one in open_models(tells_sex=sexed).before}


def test_hair_and_shoes_are_never_said_unasked() -> None:
    crop = np.full((160, 80, 3), 250, np.uint8)
    (look,) = AttributeSearch(PersonAttributes()).look([crop])
    assert look.probabilities["feet:white"] > look.probabilities["feet:red"]
    assert not [term for term in seen_terms(look) if term.startswith(("feet:", "hair:"))]
    assert set(look.probabilities) <= set(TERMS)


@pytest.mark.parametrize("harm", ["no xml", "no bin", "half a bin", "no model", "another model"])
def test_what_is_missing_or_damaged_is_said(tmp_path: Path, harm: str) -> None:
    xml = tmp_path / "attributes.xml"
    source = SHIPPED_APPEARANCE if harm == "another model" else SHIPPED_ATTRIBUTES
    shutil.copy(source, xml)
    shutil.copy(source.with_suffix(".bin"), xml.with_suffix(".bin"))
    if harm == "no xml":
        xml.unlink()
    elif harm == "no bin":
        xml.with_suffix(".bin").unlink()
    elif harm == "half a bin":
        xml.with_suffix(".bin").write_bytes(xml.with_suffix(".bin").read_bytes()[:700_000])
    elif harm == "no model":
        xml.write_text("<net>")
    with pytest.raises(
        CratewatchError, match=r"missing or damaged.*install cratewatch again"
    ) as it:
        PersonAttributes(xml)
    assert str(xml) in str(it.value)
    assert "\n" not in str(it.value)
