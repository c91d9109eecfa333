"""The linear model against SciPy's normal distributions and scikit-learn's ridge regression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.words.datasets import Person
from cratewatch.words.evaluation import measure
from cratewatch.words.looks import SIZE_PX
from cratewatch.words.net import Spelled
from cratewatch.words.pairs import PairSet
from cratewatch.words.person_model import PersonModel
from cratewatch.words.saving import load_person_net, save_words
from cratewatch.words.train_config import WordsConfig
from cratewatch.words.trait_errors import tell_apart
from cratewatch.words.trait_fit import PENALTIES, fit_traits
from cratewatch.words.trait_net import COUNT, DENIED, OPEN, TOLD, TraitNet
from tests.cratewatch.words.made_persons import made_persons
from tests.late import Late

pytestmark = pytest.mark.heavy

linear_model = Late("sklearn.linear_model")

CONFIG = WordsConfig(least_squares=True, languages=("en",))


@pytest.fixture(scope="module")
def data() -> PairSet:
    return PairSet(made_persons(24, each=4), SIZE_PX, margin=1.0)


@pytest.fixture(scope="module")
def fitted(data: PairSet) -> TraitNet:
    return fit_traits(data, CONFIG)


def drawn_net(known: int = COUNT) -> TraitNet:
    """A net of random covariances, which sees nothing."""
    torch.manual_seed(0)
    net = TraitNet(4)
    net.known[:known] = 1
    net.rate.uniform_(0.1, 0.6)
    for covariance in (net.errors, net.spread):
        factor = torch.randn(COUNT, COUNT) / COUNT**0.5
        covariance.copy_(factor @ factor.T + 0.5 * torch.eye(COUNT))
    net.reach.copy_(torch.tensor([40.0, 900.0]))
    return net


def likelihoods(net: TraitNet, ids: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """Return by SciPy how likely what one text asks is of each picture."""
    asked = np.flatnonzero((ids != OPEN) & (net.known.numpy() > 0))
    rate = net.rate.numpy()
    wanted = ((ids == TOLD) - rate) / np.sqrt(rate * (1 - rate))
    errors = net.errors.numpy()[np.ix_(asked, asked)]
    return np.array(
        [multivariate_normal.logpdf(wanted[asked], row[asked], errors) for row in guesses]
    )


def spelled(ids: np.ndarray) -> Spelled:
    rows = torch.from_numpy(ids)
    return Spelled(rows, torch.ones_like(rows, dtype=torch.bool))


@pytest.mark.parametrize("known", [COUNT, COUNT - 7])
def test_matching_is_the_likelihood_of_what_is_asked(known: int) -> None:
    net, rng = drawn_net(known), np.random.default_rng(0)
    guesses = rng.normal(size=(9, COUNT)).astype(np.float32)
    ids = rng.choice([OPEN, TOLD, DENIED], COUNT)
    read = net.read(spelled(np.tile(ids, (9, 1))))
    odds = net.match(torch.from_numpy(guesses)[:, None], read)[:, 1].numpy()
    expected = likelihoods(net, ids, guesses)
    np.testing.assert_allclose(odds - odds[0], expected - expected[0], atol=2e-3)
    others = guesses.copy()
    others[:, ids == OPEN] += 5  # what is left open counts for nothing
    again = net.match(torch.from_numpy(others)[:, None], read)[:, 1].numpy()
    np.testing.assert_allclose(again, odds, atol=2e-3)


def test_cosines_of_whole_texts_rank_as_likelihood_does() -> None:
    net, rng = drawn_net(), np.random.default_rng(1)
    guesses = rng.normal(size=(50, COUNT)).astype(np.float32)
    ids = rng.choice([TOLD, DENIED], (3, COUNT))
    images = net.image_vectors(torch.from_numpy(guesses)[:, None])
    read = net.read(spelled(ids))
    texts = net.text_vectors(read)
    for vectors in (images, texts):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    for row, of_text in zip(ids, (texts @ images.T).numpy(), strict=True):
        expected = likelihoods(net, row, guesses)
        assert list(np.argsort(of_text)) == list(np.argsort(expected))
    fits = net.fits(read[torch.tensor([0])], (texts @ images.T)[0]).numpy()
    rate = net.rate.numpy()
    wanted = ((ids[0] == TOLD) - rate) / np.sqrt(rate * (1 - rate))
    far = wanted - guesses[0]
    mean = far @ np.linalg.inv(net.errors.numpy()) @ far / COUNT
    assert fits[0] == pytest.approx(np.exp(-mean / 2), rel=0.01)


def test_weights_are_those_of_a_ridge_regression(data: PairSet, fitted: TraitNet) -> None:
    whole = data.whole(range(len(data)), CONFIG)
    assert whole.seen is not None
    known = fitted.known.numpy() > 0
    assert known.sum() == ((whole.seen.sum(0) >= 5) & (whole.seen.sum(0) <= len(data) - 5)).sum()
    guesses = fitted.see(torch.from_numpy(whole.pictures))[:, 0].numpy()
    assert fitted._looks is not None
    looks = fitted._looks(whole.pictures, fitted.palette.numpy())
    scaled = (looks - fitted.mean.numpy()) * fitted.scale.numpy()
    rate = fitted.rate.numpy()
    wanted = ((whole.seen - rate) / np.sqrt(rate * (1 - rate)))[:, known]
    near = [
        np.abs(
            linear_model.Ridge(penalty, fit_intercept=False).fit(scaled, wanted).predict(scaled)
            - guesses[:, known]
        ).max()
        for penalty in PENALTIES
    ]
    assert min(near) < 0.01


def test_errors_are_moved_to_what_tells_persons_apart() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=(300, 5)).astype(np.float32)
    noise = rng.normal(size=(300, 5)) * [0.1, 0.1, 0.1, 3, 3]
    guesses, truth = torch.from_numpy((wanted + noise).astype(np.float32)), torch.from_numpy(wanted)
    moved = tell_apart(torch.eye(5), guesses, truth, np.arange(300))
    torch.testing.assert_close(moved, moved.T)
    own = moved.diagonal()
    assert own[:3].max() < own[3:].min(), "guesses that are mostly noise count for less"
    found = []
    for errors in (torch.eye(5), moved):
        factor = torch.linalg.cholesky(torch.linalg.inv(errors))
        nearest = torch.cdist(truth @ factor, guesses @ factor).argmin(dim=1)
        found.append(float((nearest == torch.arange(300)).float().mean()))
    assert found[1] > 2 * found[0]
    again = tell_apart(torch.eye(5), guesses, truth, np.arange(300))
    assert torch.equal(again, moved)


def test_persons_are_found_by_what_was_fitted_on_them(data: PairSet, fitted: TraitNet) -> None:
    for reranked in (0, 8):
        found = measure(fitted, data, CONFIG, reranked)
        assert found.recall[1] > 0.9
    assert 0 < fitted.unexplained() < 2


def test_a_saved_model_is_the_same(data: PairSet, fitted: TraitNet, tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    name = save_words(lake, fitted, CONFIG, {})
    folder = tmp_path / "words" / name
    again = load_person_net(folder)
    torch.testing.assert_close(again.state_dict(), fitted.state_dict(), rtol=0, atol=0)
    model = PersonModel(folder)
    assert model.name == name
    pictures = list(data.whole(range(5), CONFIG).pictures)
    embedded = model.embed_images(pictures, keeps_tokens=True)
    assert embedded.tokens is not None
    assert embedded.embeddings.shape == (5, model.dim)
    assert model.match("a red top", embedded.tokens).shape == (5,)
    nothing = embedded.embeddings @ model.embed_texts(["zzz"])[0]
    assert not model.scores("zzz", nothing).any()
    assert all(0 <= p <= 1 for one in model.look(pictures) for p in one.probabilities.values())


def test_pictures_without_traits_are_refused() -> None:
    persons = [Person(one.identity, one.picture, captions=("a man",)) for one in made_persons(4)]
    with pytest.raises(CratewatchError, match="leave --least-squares out"):
        fit_traits(PairSet(persons, SIZE_PX, margin=1.0), CONFIG)
    with pytest.raises(ValueError, match="least_squares: it takes neither"):
        replace(CONFIG, trunk="mobilenet.npz")
