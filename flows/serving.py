"""Serves the nightly refresh by cron until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import tempfile
from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from cratewatch.errors import CratewatchError
from cratewatch.settings import Settings
from flows.refresh_night import last_successes, log, refresh_night
from flows.timetable import Nights, missed

# Prefect gives a run 30 s to end by itself, and some more to say so.
STOP_GRACE_S = 50.0


async def serve_nights(settings: Settings, sources: list[str], nights: Nights) -> None:
    """Refresh the sources every night, each in a process of its own, until SIGINT or SIGTERM.

    A missed night is made up at once. A night that comes while another one runs is cancelled.
    """
    names = ", ".join(sources)
    tempfile.tempdir = str(settings.home / "prefect")  # where Prefect's runner leaves a folder
    now = datetime.now(UTC)
    deployment = await _deployment(settings, sources, nights)
    await _forget(deployment)
    runner = _Runner(pause_on_shutdown=False)
    deployment_id = await runner.aadd_deployment(deployment)
    log(f"{names}: the next night is {nights.after(now):%Y-%m-%d %H:%M %Z}; Ctrl-C ends")
    if late := missed(sources, nights, now, last_successes(settings, sources)):
        log(f"{', '.join(late)}: a night was missed, and is made up now")
        async with get_client() as client:
            await client.create_flow_run_from_deployment(deployment_id)
    await runner.serve()
    await _forget(deployment)
    log(f"{names}: no more nights")


class _Runner(Runner):
    """Starts the runs that are due; told to stop, it first ends the run that is under way."""

    async def serve(self) -> None:
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, told.set)
        stop = asyncio.create_task(told.wait())
        serving = asyncio.create_task(self.start())
        await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if serving.done():
            raise CratewatchError(
                f"prefect: the schedule cannot go on ({serving.exception()}); look after the server"
                f" at {os.environ['PREFECT_API_URL']} and start the schedule again"
            )
        with contextlib.suppress(TimeoutError):  # Prefect's server is gone or busy
            async with asyncio.timeout(STOP_GRACE_S):
                await self.astop()
                await serving
        serving.cancel()
        await asyncio.wait([serving])

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        """End as on Ctrl-C; Prefect's own handler would leave while the run goes on."""
        del args, kwargs
        signal.raise_signal(signal.SIGINT)


async def _deployment(settings: Settings, sources: list[str], nights: Nights) -> RunnerDeployment:
    try:
        schedule = Cron(nights.cron, timezone=nights.timezone)
    except ValueError as error:  # what Prefect does not know, such as the last weekday, LW
        raise CratewatchError(f"--cron: {error}; give one such as '0 3 * * *'") from error
    # Several homes may share one Prefect server, so the home is part of the name.
    home_id = hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]
    return await refresh_night.ato_deployment(
        f"{'+'.join(sources)}-{home_id}",
        schedule=schedule,
        parameters={"home": str(settings.home), "sources": sources},
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def _forget(deployment: RunnerDeployment) -> None:
    """Delete the deployment, with its late runs and the slot that a killed run of it holds.

    Either would be in the way of the next schedule: it would start all late runs, and cancel
    each new one as the slot is taken.
    """
    async with get_client() as client:
        if error := await client.api_healthcheck():
            raise CratewatchError(
                f"prefect: {client.api_url} does not answer ({error}); check PREFECT_API_URL"
            )
        with contextlib.suppress(ObjectNotFound):
            name = f"{deployment.flow_name}/{deployment.name}"
            await client.delete_deployment((await client.read_deployment_by_name(name)).id)
