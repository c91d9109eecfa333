import io

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.embedding import ModelConfig
from cratewatch.errors import CratewatchError
from cratewatch.shards import Sample
from cratewatch.training.data import TrainingSet, move


def jpeg(level: int) -> bytes:
    buffer = io.BytesIO()
    picture = np.full((32, 32), level, np.uint8)
    picture[:8, :4] = 0
    Image.fromarray(picture).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


def training_set(artworks: int = 10, queries: int = 3) -> TrainingSet:
    """Artwork n is a plain of level 20 n + 20 with a dark corner; so are its queries."""
    ids = [f"c{n}" for n in range(artworks)]
    covers = [(cover, jpeg(20 * n + 20)) for n, cover in enumerate(ids)]
    samples = [
        Sample(f"{n}", jpeg(20 * (n % artworks) + 22), {"cover_id": ids[n % artworks]})
        for n in range(artworks * queries)
    ]
    return TrainingSet(
        covers,
        samples,
        {cover: f"a-{cover}" for cover in ids},
        ModelConfig(image_px=32, cover_margin=0.0),
    )


def test_a_batch_holds_the_images_of_each_artwork_together() -> None:
    batch = training_set().draw(np.random.default_rng(0), artworks=6, images_each=3)
    assert batch.images.shape == (18, 1, 32, 32)
    assert batch.labels.tolist() == [n for n in range(6) for _ in range(3)]
    levels = batch.images.float().amax(dim=(1, 2, 3)).reshape(6, 3)
    assert (levels.max(dim=1).values - levels.min(dim=1).values).max() <= 4
    assert len(set(levels[:, 0].tolist())) == 6


def test_the_images_of_an_artwork_are_turned_alike() -> None:
    data, rng = training_set(), np.random.default_rng(1)
    corners = set()
    for _ in range(40):
        images = data.draw(rng, artworks=1, images_each=3).images[:, 0] < 10
        assert torch.equal(images[0], images[1])
        assert torch.equal(images[0], images[2])
        corners.add(images[0].numpy().tobytes())
    assert len(corners) == 8


def test_artworks_stay_as_they_are_without_turning() -> None:
    data, rng = training_set(), np.random.default_rng(1)
    images = [data.draw(rng, artworks=1, images_each=3, turn=False).images for _ in range(20)]
    assert len({(image < 10).numpy().tobytes() for image in images}) == 1


def test_jitter_moves_queries_further_than_covers() -> None:
    batch = training_set().draw(np.random.default_rng(2), 10, 3, jitter=1.0)
    still = training_set().draw(np.random.default_rng(2), 10, 3)
    moved = (batch.images - still.images).abs().mean(dim=(1, 2, 3))
    assert (moved > 0).all()
    assert moved[0::3].mean() < 0.6 * moved[1::3].mean()


def test_moving_with_no_strength_changes_nothing() -> None:
    images = torch.rand(4, 1, 16, 16) * 255
    moved = move(images, torch.zeros(4), np.random.default_rng(0))
    torch.testing.assert_close(moved, images, atol=1e-2, rtol=0)


def test_batches_depend_on_the_seed_alone() -> None:
    data = training_set()
    one, same, other = (data.draw(np.random.default_rng(seed), 4, 3).images for seed in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_queries_of_other_covers_never_enter() -> None:
    cover = [(f"c{n}", jpeg(100)) for n in range(9)]
    samples = [Sample("0", jpeg(100), {"cover_id": f"c{n}"}) for n in range(9)]
    test_side = [Sample("0", jpeg(9), {"cover_id": "test cover"})]
    artwork_of = {f"c{n}": f"a{n}" for n in range(9)}
    data = TrainingSet(
        cover, samples + test_side, artwork_of, ModelConfig(image_px=32, cover_margin=0.0)
    )
    assert data.n_queries == 9
    assert data.artworks == [f"a{n}" for n in range(9)]


def test_too_few_artworks_are_refused() -> None:
    with pytest.raises(CratewatchError, match="only 3 artworks"):
        training_set(artworks=3)
