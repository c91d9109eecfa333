"""Serves the nightly refresh by cron until it is told to stop."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from cratewatch.settings import Settings
from flows.nights import Nights, missed
from flows.refresh_night import last_successes, log, refresh_night


async def serve_nights(settings: Settings, sources: list[str], nights: Nights) -> None:
    """Refresh the sources every night, each in a process of its own, until SIGINT or SIGTERM.

    A missed night is made up at once. A night that comes while another one runs is cancelled.
    """
    names = ", ".join(sources)
    now = datetime.now(UTC)
    deployment = await _deployment(settings, sources, nights)
    await _forget(f"{deployment.flow_name}/{deployment.name}")
    runner = _Runner()
    deployment_id = await runner.aadd_deployment(deployment)
    log(f"{names}: the next night is {nights.after(now):%Y-%m-%d %H:%M %Z}; Ctrl-C ends")
    if late := missed(sources, nights, now, last_successes(settings, sources)):
        log(f"{', '.join(late)}: a night was missed, and is made up now")
        async with get_client() as client:
            await client.create_flow_run_from_deployment(deployment_id)
    await runner.serve()
    log(f"{names}: no more nights")


class _Runner(Runner):
    """Starts the runs that are due; told to stop, it first ends the run that is under way."""

    async def serve(self) -> None:
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, told.set)
        stop = asyncio.create_task(told.wait())
        serving = asyncio.create_task(self.start())
        await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            await self.astop()
        stop.cancel()
        await serving

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        """End as on Ctrl-C; Prefect's own handler would leave while the run goes on."""
        del args, kwargs
        signal.raise_signal(signal.SIGINT)


async def _deployment(settings: Settings, sources: list[str], nights: Nights) -> RunnerDeployment:
    # Several homes may share one Prefect server, so the home is part of the name.
    home_id = hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]
    return await refresh_night.ato_deployment(
        f"{'+'.join(sources)}-{home_id}",
        schedule=Cron(nights.cron, timezone=nights.timezone),
        parameters={"home": str(settings.home), "sources": sources},
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def _forget(deployment_name: str) -> None:
    """Delete the deployment of an earlier schedule, with its late runs and the slot it held.

    A schedule that was killed leaves both behind, and every new run would find the slot taken.
    """
    async with get_client() as client:
        try:
            earlier = await client.read_deployment_by_name(deployment_name)
        except ObjectNotFound:
            return
        await client.delete_deployment(earlier.id)
