"""Serves the nightly refresh by cron until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from cratewatch.errors import CratewatchError
from cratewatch.monitoring.notification import Event
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings
from flows.log import log
from flows.night_news import tell, watch_for_late
from flows.refresh_night import last_successes, refresh_night
from flows.renew_model import renew_model
from flows.timetable import Nights, missed

# Prefect gives a run 30 s to end by itself, and some more to say so.
STOP_GRACE_S = 50.0


async def serve_nights(
    settings: Settings,
    sources: list[str],
    nights: Nights,
    renewals: Nights | None = None,
    prices: list[str] | None = None,
) -> None:
    """Refresh the sources every night, each in a process of its own, until SIGINT or SIGTERM.

    A missed night is made up at once. A night that comes while another one runs is cancelled.

    Args:
        prices: Sources that are asked for prices after each refresh.
        renewals: When the serving model is renewed; those that were missed are not made up.
    """
    names = ", ".join(sources)
    tempfile.tempdir = str(settings.home / "prefect")  # where Prefect's runner leaves a folder
    now = datetime.now(UTC)
    runner = _Runner(pause_on_shutdown=False)
    home = {"home": str(settings.home)}
    asked = {"sources": sources} | ({"prices": prices} if prices else {})
    refreshes = Served(refresh_night, "+".join(sources), home | asked, nights)
    served = [await refreshes.deployment(settings)]
    if renewals is not None:
        served.append(await Served(renew_model, "renewal", home, renewals).deployment(settings))
    for deployment in served:
        await _forget(deployment)
    deployment_id, *_ = [await runner.aadd_deployment(deployment) for deployment in served]
    log(f"{names}: the next night is {nights.after(now):%Y-%m-%d %H:%M %Z}; Ctrl-C ends")
    if renewals is not None:
        log(f"renewal: the next one is {renewals.after(now):%Y-%m-%d %H:%M %Z}")
    last = last_successes(settings, sources)
    if late := missed(sources, nights, now, last):
        log(f"{', '.join(late)}: a night was missed, and is made up now")
        why = "a night was missed, and is made up now"
        known = [Event(source, "late", why) for source in late if last(source)]
        await asyncio.to_thread(tell, settings, known)
        async with get_client() as client:
            await client.create_flow_run_from_deployment(deployment_id)
    watch = asyncio.create_task(watch_for_late(settings, sources, nights))
    try:
        await runner.serve()
    finally:
        watch.cancel()
    for deployment in served:
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
            server = SecretUrl(os.environ["PREFECT_API_URL"])
            raise CratewatchError(
                f"prefect: the schedule cannot go on ({server.hidden_in(serving.exception())}); "
                f"look after the server at {server} and start the schedule again"
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


@dataclass(frozen=True)
class Served:
    """A flow and when it runs, one run at a time."""

    flow: Flow[..., Any]
    name: str
    parameters: dict[str, Any]
    nights: Nights

    async def deployment(self, settings: Settings) -> RunnerDeployment:
        """Return what Prefect's runner serves, by a name that tells the home.

        Raises:
            CratewatchError: if Prefect does not know the cron expression.
        """
        try:
            schedule = Cron(self.nights.cron, timezone=self.nights.timezone)
        except ValueError as error:  # what Prefect does not know, such as the last weekday, LW
            option = self.nights.option
            raise CratewatchError(f"{option}: {error}; give one such as '0 3 * * *'") from error
        # Several homes may share one Prefect server, so the home is part of the name.
        home_id = hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]
        return await self.flow.ato_deployment(
            f"{self.name}-{home_id}",
            schedule=schedule,
            parameters=self.parameters,
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
            url = SecretUrl(str(client.api_url))
            raise CratewatchError(
                f"prefect: {url} does not answer ({url.hidden_in(error)}); check PREFECT_API_URL"
            )
        with contextlib.suppress(ObjectNotFound):
            name = f"{deployment.flow_name}/{deployment.name}"
            await client.delete_deployment((await client.read_deployment_by_name(name)).id)
