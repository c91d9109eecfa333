"""How a tutorial is read, and what counts as what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.first_hour.walk import Step, Walk, read_walk

DOCUMENT = """\
```sh
make setup
```

```console
$ cratewatch init \\
    --home shop
made
$ export A=b
```

```toml shop/cratewatch.toml
contact = "a"
```
"""


def test_commands_and_files_are_read_in_their_order(tmp_path: Path) -> None:
    document = tmp_path / "tutorial.md"
    document.write_text(DOCUMENT)
    assert read_walk(document) == [
        Step("cratewatch init \\\n    --home shop", "made\n"),
        Step("export A=b"),
        Step('contact = "a"\n', file="shop/cratewatch.toml"),
    ]


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("model_0a1b2c3d serves\n", "model_9f8e7d6c serves\n"),
        (
            "20261130T001203-refresh-a-shop-3b594e: done\n",
            "20270102T120000-refresh-a-shop-000000: done\n",
        ),
        ("│ a    │ 1.25 │\n└──────┘\n", "│ a │ 10.5  │\n└───────────┘\n"),
        ("2026-11-30 03:00 UTC, took 0:00:04\n", "2027-01-02 04:30 UTC, took 0:01:59\n"),
        ("lost -3.5 (-9.0 to +1.1)   0   3\n", "lost +0.0 (-1.0 to +1.1)  12   3\n"),
        ("recall 98.2% of 7\n", "recall 100% of 7\n"),
        ("first\n...\nlast\n", "first\nsecond\nthird\nlast\n"),
        ("first\n...\nlast\n", "first\nlast\n"),
        ("a ━━━━ 3/3\n", "a ━━━━━━━━╸ 3/3\n"),
    ],
)
def test_what_varies_may_be_another(tmp_path: Path, told: str, seen: str) -> None:
    Walk(tmp_path, {}).compare(told, seen)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("14 new\n", "15 new\n"),
        ("45.50 EUR\n", "45.00 EUR\n"),
        ("model_0a1b2c3d beside model_0a1b2c3d\n", "model_0a1b2c3d beside model_9f8e7d6c\n"),
        ("first\n...\nlast\n", "first\nlast\nmore\n"),
        ("said\n", "said\nsaid\n"),
        ("said\n", ""),
    ],
)
def test_all_else_may_not(tmp_path: Path, told: str, seen: str) -> None:
    with pytest.raises(AssertionError):
        Walk(tmp_path, {}).compare(told, seen)


def test_a_walk_types_the_names_that_it_has_seen(tmp_path: Path) -> None:
    walk = Walk(tmp_path, {"http://shop": "http://127.0.0.1:9"})
    walk.compare("made 0a1b2c3d\n", "made 9f8e7d6c\n")
    assert walk.take(Step("export WHAT=http://shop")) == ""
    assert walk.take(Step("echo 0a1b2c3d $WHAT; nothing-of-that-name 2> errors; ls; echo $?")) == (
        "9f8e7d6c http://shop\nerrors\n0\n"
    )
    walk.take(Step("0a1b2c3d\n", file="file"))
    assert (tmp_path / "file").read_text() == "9f8e7d6c\n"
