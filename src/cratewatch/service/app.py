"""The application: routes, and what is open as long as it runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from cratewatch.catalog.catalog import open_catalog
from cratewatch.folders import private_folder
from cratewatch.lake.opening import open_lake
from cratewatch.service import (
    footage,
    health,
    identifying,
    prices,
    recordings,
    releases,
    runs,
)
from cratewatch.service import words as word_search
from cratewatch.service.entrance import Entrance
from cratewatch.service.guard import Guard
from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics
from cratewatch.service.opened import OWN
from cratewatch.service.pages import footage as footage_pages
from cratewatch.service.pages import routes as pages
from cratewatch.service.pages import words as word_pages
from cratewatch.service.pages.rendering import as_page
from cratewatch.service.parts import Parts
from cratewatch.service.problems import install
from cratewatch.service.rates import Rates
from cratewatch.service.serving import Serving
from cratewatch.service.word_serving import WordServing
from cratewatch.settings import Settings

STATIC = Path(__file__).parent / "pages" / "static"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ABOUT = """A picture in, release and price out. Every error is `application/problem+json`.

A key goes into `Authorization: Bearer KEY`; docs/service.md has the limits and examples."""


def create_app(
    settings: Settings,
    *,
    is_public: bool = False,
    limits: Limits | None = None,
    starts_warm: bool = False,
) -> FastAPI:
    """Return the application of a home; it opens the home when it starts.

    Args:
        is_public: Whether it listens to more than its own machine: everybody needs a key then.
        starts_warm: Whether it starts only when the model is warm, or it is known why none is:
            of several processes one that is warming would turn away what another answers.
    """
    limits, metrics = limits or Limits(), Metrics(settings.home)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with (
            contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
            Rates(private_folder(settings.home / OWN) / "rates") as rates,
        ):
            serving = Serving(settings, catalog, limits, metrics)
            lake = open_lake(settings.lake)
            words = WordServing(settings, lake, catalog.catalog_id)
            parts = Parts(settings, catalog, lake, serving, limits, metrics, words)
            app.state.parts = parts
            app.state.tiles = releases.Tiles(parts.lake)
            app.state.entrance = Entrance(catalog.keys, rates, is_public=is_public)
            _tell_of_the_end(parts.leaving)
            serving.start()
            try:
                if starts_warm:
                    await serving.first_look()
                yield
            finally:
                await serving.close()
                await asyncio.to_thread(words.close)

    app = FastAPI(
        title="cratewatch",
        version=version("cratewatch"),
        description=ABOUT,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    install(app, as_page)
    for room in (health, identifying, prices, releases, runs, footage, word_search, recordings):
        app.include_router(room.router)
    for page in (pages, footage_pages, word_pages):
        app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    hosts = () if is_public else LOOPBACK
    app.add_middleware(Guard, limits=limits, metrics=metrics, hosts=hosts)
    return app


def _tell_of_the_end(leaving: asyncio.Event) -> None:
    """Set an event when the process is told to end, before it waits for who is still listening."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def tell(told: int, frame: Any, before: Any = before) -> None:
            loop.call_soon_threadsafe(leaving.set)
            if callable(before):
                before(told, frame)

        signal.signal(number, tell)
