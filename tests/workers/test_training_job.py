import numpy as np
import pytest

from cratewatch.catalog.records import Cover
from cratewatch.datasets.splits import in_validation, split_of
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.loading import load_model
from cratewatch.images.reading import decode
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.training.config import TrainConfig
from cratewatch.training.leaks import Leak
from workers import training_job
from workers.embedding import ModelUse, embed_all
from workers.training_job import find_leaks, plan_job


def sides(covers: list[Cover]) -> tuple[list[Cover], list[Cover], list[Cover]]:
    """Return the covers to train on, to validate on, and of the test side."""
    validation = [c for c in covers if in_validation(c.artwork_id)]
    test = [c for c in covers if split_of(c.artwork_id) == "test"]
    return [c for c in covers if c not in validation and c not in test], validation, test


def test_each_cover_has_its_side_and_what_leaks_is_left_out(
    lake: FolderLake, imported: list[Cover]
) -> None:
    train, validation, test = sides(imported)
    leak = Leak(train[0].cover_id, test[0].cover_id, "hash, 12 bits")
    job = plan_job(lake, None, imported, [leak], TrainConfig())
    assert set(job.artwork_of) == {c.cover_id for c in train[1:]}
    assert set(job.validation) == {c.cover_id for c in validation}
    assert job.left_out == {train[0].cover_id: f"like {test[0].cover_id} (hash, 12 bits)"}


def test_look_alikes_across_the_splits_are_found_by_the_model_that_ships(
    lake: FolderLake, imported: list[Cover], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two covers get one embedding, the others stand at right angles."""
    train, _, test = sides(imported)
    directions = {cover.cover_id: n for n, cover in enumerate(imported)}
    directions[train[2].cover_id] = directions[test[1].cover_id]

    def embed(_lake: object, _model: object, covers: list[Cover]) -> tuple[list[str], Embeddings]:
        ids = [cover.cover_id for cover in covers]
        return ids, np.eye(len(imported), dtype=np.float32)[[directions[c] for c in ids]]

    monkeypatch.setattr(training_job, "shipped_models", lambda: ["shipped"])
    monkeypatch.setattr(training_job, "embed_all", embed)
    leaks = find_leaks(lake, imported)
    assert leaks == [Leak(train[2].cover_id, test[1].cover_id, "embedding, score 1.00")]
    monkeypatch.setattr(training_job, "shipped_models", list)
    assert find_leaks(lake, imported) == []


@pytest.mark.usefixtures("ray_cluster")
def test_all_covers_that_can_be_read_are_embedded(
    lake: FolderLake, imported: list[Cover], tiny_model: str
) -> None:
    lake.delete(cover_key(imported[3].cover_id))
    ids, vectors = embed_all(lake, ModelUse(tiny_model), imported)
    assert set(ids) == {c.cover_id for c in imported} - {imported[3].cover_id}
    embedder = load_model(lake, tiny_model)
    cover = decode(lake.read(cover_key(ids[0])), side_px=2 * embedder.config.image_px)
    np.testing.assert_allclose(vectors[0], embedder.embed_covers([cover])[0], atol=1e-2)
    assert embed_all(lake, ModelUse(tiny_model), [])[0] == []
