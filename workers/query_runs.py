"""Draws a run of query shards: plan, draw, verify, publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cratewatch.datasets.run_report import RunReport, publish, verify
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import RunFolder
from cratewatch.progress import Progress, unseen
from cratewatch.settings import LOCAL_RAY, Settings
from workers.drawing import draw_here
from workers.run_progress import follow
from workers.run_request import RunRequest, plan

if TYPE_CHECKING:
    from workers.forecast import Forecast


def synthesize(settings: Settings, wanted: RunRequest, on_progress: Progress = unseen) -> RunReport:
    """Draw queries of the covers of a split; an interrupted run is taken up again.

    Raises:
        CratewatchError: if there are no covers, the run exists with other parameters, the model
            does not fit, or samples failed.
    """
    material, folder = plan(settings, wanted)
    if _is_one_shard(settings, wanted, material, folder):
        follow(material, folder, draw_here(material, folder), on_progress)
    else:
        from workers.cluster_runs import draw_by_ray  # imports Ray and PyTorch, for seconds

        material = draw_by_ray(settings, wanted, material, folder, on_progress)
    verify(material.manifest, folder)
    return publish(material.manifest, folder)


def foretell(settings: Settings, wanted: RunRequest) -> Forecast:
    """Say what drawing them would take; nothing is kept.

    Raises:
        CratewatchError: like synthesize().
    """
    from workers.cluster_runs import foretell_by_ray

    material, _ = plan(settings, wanted)
    return foretell_by_ray(settings, wanted, material)


def _is_one_shard(
    settings: Settings, wanted: RunRequest, material: Material, folder: RunFolder
) -> bool:
    """Whether this machine alone is to draw, and there is nothing for a second worker."""
    here = wanted.brush is None and settings.ray_address == LOCAL_RAY
    return here and len(folder.not_done(material.manifest)) <= 1
