from cratewatch.datasets.splits import in_split, in_validation, split_of


def test_split_is_a_rule_that_never_changes() -> None:
    sides = ["train", "test", "train", "train", "train", "train", "test", "test"]
    assert [split_of(str(n)) for n in range(8)] == sides


def test_every_artwork_is_on_one_side_and_about_half_on_each() -> None:
    artworks = [f"artwork-{n}" for n in range(2000)]
    train = {a for a in artworks if in_split(a, "train")}
    test = {a for a in artworks if in_split(a, "test")}
    assert not train & test
    assert train | test == set(artworks)
    assert 900 < len(train) < 1100
    assert all(in_split(a, "all") for a in artworks)


def test_validation_is_a_tenth_of_the_training_side() -> None:
    artworks = [f"artwork-{n}" for n in range(2000)]
    validation = {a for a in artworks if in_validation(a)}
    train = {a for a in artworks if in_split(a, "train")}
    assert validation < train
    assert 0.07 < len(validation) / len(train) < 0.13
    assert [n for n in range(40) if in_validation(str(n))] == [23, 24]
