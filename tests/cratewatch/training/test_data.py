import io
import os
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from cratewatch.datasets.shards import Sample
from cratewatch.embedding.config import ModelConfig
from cratewatch.errors import CratewatchError
from cratewatch.training.config import Draw
from cratewatch.training.data import TURNS, Batches, TrainingSet, prefetch
from cratewatch.training.sketch import Props, make_props

FROM_SHARDS = Draw(artworks=6, images_each=3, sketched=0.0, confused=0.0)


def jpeg(level: int) -> bytes:
    buffer = io.BytesIO()
    picture = np.full((32, 32), level, np.uint8)
    picture[:8, :4] = 0
    Image.fromarray(picture).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


def training_set(artworks: int = 10, queries: int = 3, props: Props | None = None) -> TrainingSet:
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
        ModelConfig(image_px=32, stages=2, cover_margin=0.0),
        props,
    )


def test_a_batch_holds_the_images_of_each_artwork_together() -> None:
    batch = Batches(training_set(), FROM_SHARDS, seed=0)[0]
    assert batch.images.shape == (18, 1, 32, 32)
    assert batch.images.dtype == torch.uint8
    labels = batch.labels.reshape(6, 3)
    assert (labels == labels[:, :1]).all()
    assert len(set((labels[:, 0] // TURNS).tolist())) == 6
    levels = batch.images.float().amax(dim=(1, 2, 3)).reshape(6, 3)
    assert (levels.max(dim=1).values - levels.min(dim=1).values).max() <= 4


def test_the_images_of_an_artwork_are_turned_alike_and_the_label_says_how() -> None:
    batches = Batches(training_set(), Draw(2, 3, sketched=0.0, confused=0.0), seed=1)
    corners: dict[int, bytes] = {}
    for step in range(40):
        batch = batches[step]
        dark = batch.images[:, 0] < 10
        assert torch.equal(dark[0], dark[1])
        assert torch.equal(dark[0], dark[2])
        turn = int(batch.labels[0]) % TURNS
        assert corners.setdefault(turn, dark[0].numpy().tobytes()) == dark[0].numpy().tobytes()
    assert len(set(corners.values())) == len(corners) == TURNS


def test_artworks_stay_as_they_are_without_turning() -> None:
    draw = Draw(2, 2, sketched=0.0, turn=False, confused=0.0)
    batches = Batches(training_set(), draw, seed=1)
    pictures = [batches[step].images for step in range(20)]
    assert len({(p < 10).numpy().tobytes() for picture in pictures for p in picture}) == 1


def test_a_batch_depends_on_seed_and_number_alone() -> None:
    data = training_set()
    one, same = (Batches(data, FROM_SHARDS, seed=5)[3].images for _ in range(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, Batches(data, FROM_SHARDS, seed=5)[4].images)
    assert not torch.equal(one, Batches(data, FROM_SHARDS, seed=6)[3].images)


@pytest.mark.parametrize("world", [2, 3])
def test_workers_share_the_batch_that_one_would_have(world: int) -> None:
    data = training_set(props=make_props(0, hands=2, backdrops=1))
    draw = Draw(artworks=6, images_each=2, sketched=0.5)
    whole = Batches(data, draw, seed=2)[7]
    parts = [Batches(data, draw, 2, (), rank, world)[7] for rank in range(world)]
    assert torch.equal(torch.cat([part.images for part in parts]), whole.images)
    assert torch.equal(torch.cat([part.labels for part in parts]), whole.labels)


def test_all_workers_get_equally_many_artworks() -> None:
    draw = Draw(artworks=7, images_each=2, sketched=0.0)
    parts = [Batches(training_set(), draw, 2, (), rank, 3)[0] for rank in range(3)]
    assert [len(part.labels) for part in parts] == [4, 4, 4]


def test_confused_artworks_come_together() -> None:
    data = training_set(artworks=12)
    rivals = [[(n + 6) % 12] for n in range(12)]

    def pairs(confused: float) -> int:
        draw = Draw(artworks=4, images_each=2, sketched=0.0, confused=confused)
        batches = Batches(data, draw, 0, rivals)
        found = 0
        for step in range(50):
            chosen = set((batches[step].labels // TURNS).tolist())
            assert len(chosen) == 4
            found += sum((n + 6) % 12 in chosen for n in chosen)
        return found

    assert pairs(1.0) == 50 * 4
    assert pairs(0.0) < 80  # by chance 3 of 11


def test_the_mix_of_sketches_and_shards_is_as_asked() -> None:
    data = training_set(props=make_props(0, hands=2, backdrops=1))
    from_shards = {data.queries[0][n].tobytes() for n in range(3)}
    rng = np.random.default_rng(0)
    drawn = [view for _ in range(200) for view in data.draw(0, 2, 0.3, rng)[1:]]
    share = sum(view.tobytes() not in from_shards for view in drawn) / len(drawn)
    assert 0.2 < share < 0.4
    assert all(data.draw(0, 2, 0.0, rng)[1].tobytes() in from_shards for _ in range(20))


def test_an_artwork_without_queries_is_sketched() -> None:
    data = training_set(queries=0, props=make_props(0, hands=2, backdrops=1))
    assert data.n_queries == 0
    assert len(data.draw(0, 3, 0.0, np.random.default_rng(0))) == 3
    with pytest.raises(CratewatchError, match="only 0 artworks"):
        training_set(queries=0)


def test_other_processes_draw_the_same_batches() -> None:
    batches = Batches(training_set(), FROM_SHARDS, seed=0)
    here = [batch.images for batch in prefetch(batches, range(2, 5), processes=0)]
    there = [batch.images for batch in prefetch(batches, range(2, 5), processes=1)]
    assert len(here) == len(there) == 3
    assert all(torch.equal(one, other) for one, other in zip(here, there, strict=True))
    assert torch.equal(here[0], batches[2].images)


def test_what_runs_in_this_process_does_not_reach_those_that_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flow's services end at exit; in a fork of the flow they cannot, and it fails."""
    here = os.getpid()

    def end_services() -> None:
        assert os.getpid() == here

    monkeypatch.setattr(threading, "_threading_atexits", [end_services])
    batches = Batches(training_set(), FROM_SHARDS, seed=0)
    assert len(list(prefetch(batches, range(3), processes=1))) == 3


def test_queries_of_other_covers_never_enter() -> None:
    cover = [(f"c{n}", jpeg(100)) for n in range(9)]
    samples = [Sample("0", jpeg(100), {"cover_id": f"c{n}"}) for n in range(9)]
    test_side = [Sample("0", jpeg(9), {"cover_id": "test cover"})]
    artwork_of = {f"c{n}": f"a{n}" for n in range(9)}
    config = ModelConfig(image_px=32, stages=2, cover_margin=0.0)
    data = TrainingSet(cover, samples + test_side, artwork_of, config, None)
    assert data.n_queries == 9
    assert data.artworks == [f"a{n}" for n in range(9)]


def test_a_label_without_a_cover_is_said() -> None:
    samples = [Sample("000000007", jpeg(9), {"seed": 1})]
    config = ModelConfig(image_px=32, stages=2)
    with pytest.raises(CratewatchError, match="sample 000000007 has a label without cover_id"):
        TrainingSet([("c", jpeg(9))], samples, {"c": "a"}, config, None)


def test_more_workers_than_artworks_are_refused() -> None:
    with pytest.raises(CratewatchError, match="7 workers need an artwork each"):
        Batches(training_set(), FROM_SHARDS, 0, (), 0, 7)


def test_too_few_artworks_are_refused() -> None:
    with pytest.raises(CratewatchError, match="only 3 artworks"):
        training_set(artworks=3)
    with pytest.raises(ValueError, match="two artworks or more"):
        Draw(artworks=1)
