"""Which slow tests the last commits ask for: prints their files, one a line; argv: a commit.

CI runs these beside `make test`. Without a commit it looks at what this branch adds to main, and
on main itself at the last commits. Where that cannot be told, as in a shallow clone, or where a
change may bear on anything, it names all slow tests.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAST_COMMITS = 10

# The code that the slow tests of a file are about, beside the file itself. A name that ends with
# a slash is a folder.
SLOW_TESTS: dict[str, tuple[str, ...]] = {
    "tests/benchmarks/test_kill_prices.py": (
        "benchmarks/kill_prices.py",
        "flows/refreshing_prices.py",
        "scrapers/",
    ),
    "tests/benchmarks/test_rate_windows.py": (
        "benchmarks/rate_windows.py",
        "scrapers/pacing.py",
        "scrapers/quotas.py",
        "src/cratewatch/catalog/paces.py",
    ),
    "tests/cratewatch/catalog/test_dumps.py": (
        "src/cratewatch/catalog/",
        "src/cratewatch/sources/dumps/",
    ),
    "tests/cratewatch/commands/test_footage.py": (
        "src/cratewatch/commands/",
        "src/cratewatch/footage/",
        "workers/camera.py",
        "workers/camera_actor.py",
        "workers/cameras.py",
    ),
    "tests/cratewatch/commands/test_without_prefect.py": (
        "src/cratewatch/commands/",
        "workers/",
    ),
    "tests/cratewatch/embedding/test_runtimes.py": ("src/cratewatch/embedding/",),
    "tests/cratewatch/footage/test_handled.py": ("src/cratewatch/footage/",),
    "tests/cratewatch/indexing/test_agreement.py": (
        "src/cratewatch/gallery/",
        "src/cratewatch/indexing/",
    ),
    "tests/cratewatch/indexing/test_rebuilding.py": (
        "src/cratewatch/gallery/",
        "src/cratewatch/indexing/",
    ),
    "tests/cratewatch/service/test_beside.py": ("src/cratewatch/service/",),
    "tests/first_hour/test_tutorial.py": (
        "docs/tutorial.md",
        "src/cratewatch/api.py",
        "src/cratewatch/commands/",
        "tests/first_hour/",
    ),
    "tests/flows/test_analysing_footage.py": (
        "flows/analyse_footage.py",
        "flows/analysing_footage.py",
        "flows/footage_process.py",
        "src/cratewatch/catalog/handlings.py",
        "src/cratewatch/footage/recording.py",
    ),
    "tests/flows/test_away.py": (
        "flows/refresh_catalog.py",
        "flows/outages.py",
        "flows/retrying.py",
    ),
    "tests/flows/test_gallery_away.py": (
        "flows/refresh_catalog.py",
        "src/cratewatch/gallery/",
        "src/cratewatch/indexing/",
        "workers/catalog_index.py",
        "workers/indexing.py",
    ),
    "tests/flows/test_interrupts.py": (
        "flows/orchestration.py",
        "flows/refresh_catalog.py",
        "scrapers/launch.py",
        "src/cratewatch/sources/folder/",
    ),
    "tests/flows/test_joining.py": (
        "flows/refreshing_prices.py",
        "scrapers/",
    ),
    "tests/flows/test_retries.py": (
        "flows/refresh_catalog.py",
        "scrapers/",
        "src/cratewatch/sources/",
    ),
    "tests/flows/test_serving.py": (
        "flows/orchestration.py",
        "flows/prefect_server.py",
        "flows/refresh_catalog.py",
        "flows/refresh_night.py",
        "flows/serving.py",
        "flows/timetable.py",
        "scrapers/launch.py",
    ),
    "tests/scrapers/test_servers_away.py": ("scrapers/",),
    "tests/test_advisories.py": (),
    "tests/workers/test_cameras.py": (
        "src/cratewatch/footage/",
        "workers/camera.py",
        "workers/camera_actor.py",
        "workers/camera_models.py",
        "workers/camera_report.py",
        "workers/cameras.py",
        "workers/cluster.py",
    ),
    "tests/workers/test_embedding.py": (
        "src/cratewatch/embedding/",
        "tests/workers/embed_on_dying_node.py",
        "workers/cluster.py",
        "workers/embedding.py",
        "workers/pool.py",
    ),
    "tests/workers/test_lake_on_s3.py": (
        "src/cratewatch/datasets/",
        "workers/cluster.py",
        "workers/synthesis.py",
    ),
    "tests/workers/test_painting.py": (
        "src/cratewatch/datasets/",
        "src/cratewatch/synthesis/",
        "tests/workers/paint_on_dying_node.py",
        "workers/cluster.py",
        "workers/painting.py",
        "workers/pool.py",
        "workers/synthesis.py",
    ),
    "tests/workers/test_renewal.py": (
        "src/cratewatch/evaluation/paired.py",
        "workers/catalog_index.py",
        "workers/renewal.py",
    ),
    "tests/workers/test_training.py": (
        "src/cratewatch/datasets/",
        "src/cratewatch/embedding/",
        "src/cratewatch/training/",
        "tests/workers/train_on_dying_node.py",
        "workers/cluster.py",
        "workers/mailbox.py",
        "workers/data_parallel.py",
        "workers/training.py",
        "workers/training_job.py",
        "workers/training_worker.py",
    ),
    "tests/workers/test_words_training.py": (
        "src/cratewatch/training/",
        "src/cratewatch/words/",
        "workers/cluster.py",
        "workers/mailbox.py",
        "workers/data_parallel.py",
        "workers/words_job.py",
        "workers/words_training.py",
        "workers/words_worker.py",
    ),
}

# What no slow test is about. Whatever stands neither here nor above may bear on any of them.
APART = (
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "benchmarks/",
    "docs/",
    "infra/Dockerfile",
    "infra/compose",
    "prefect.yaml",
    "src/cratewatch/demo/",
    "src/cratewatch/evaluation/",
    "src/cratewatch/monitoring/",
    "src/cratewatch/reports/",
    "src/cratewatch/retrieval/",
    "tests/benchmarks/",
    "tests/cratewatch/",
    "tests/flows/test_",
    "tests/scrapers/",
    "tests/test_",
    "tests/workers/test_",
)


def slow_tests(changed: Iterable[str]) -> list[str]:
    """Return the files of slow tests that changed paths ask for, sorted."""
    asked: set[str] = set()
    for path in changed:
        of_path = {
            test
            for test, code in SLOW_TESTS.items()
            if path == test or any(_covers(name, path) for name in code)
        }
        if not of_path and not path.startswith(APART):
            return sorted(SLOW_TESTS)
        asked |= of_path
    return sorted(asked)


def _covers(name: str, path: str) -> bool:
    return path.startswith(name) if name.endswith("/") else path == name


def changed_paths(base: str = "") -> list[str] | None:
    """Return the paths that differ from a commit, or from where to look by default, or None."""
    if _git("rev-parse", "--is-shallow-repository") != "false":
        return None
    base = base or _base()
    listed = _git("diff", "--name-only", "--no-renames", base, "HEAD") if base else None
    return None if listed is None else listed.splitlines()


def _base() -> str:
    """Return where this branch left main; on main a commit a few before; "" where neither is."""
    head = _git("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        common = _git("merge-base", "HEAD", main)
        if common and common != head:
            return common
    return _git("rev-parse", "--verify", f"HEAD~{LAST_COMMITS}") or ""


def _git(*arguments: str) -> str | None:
    """Return what git says, or None if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", ROOT, *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def main() -> None:
    """Print what the commit that is the first argument, or the default, leaves to run."""
    changed = changed_paths(*sys.argv[1:2])
    found = sorted(SLOW_TESTS) if changed is None else slow_tests(changed)
    sys.stdout.writelines(f"{file}\n" for file in found)


if __name__ == "__main__":
    main()
