"""Who comes in: keys, sessions of browsers, and how often each may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from cratewatch.catalog.keys import Key, Keys
from cratewatch.service.problems import Problem
from cratewatch.service.rates import Rates

COOKIE = "cratewatch"
SESSION = timedelta(hours=12)
BELIEVED_S = 5.0
"""How long what is known of a key is believed: a revoked one opens nothing after that."""
MOST_KNOWN = 4096
GUESSES_PER_MIN = 10
"""Keys that one address may try on the page."""

bearer = HTTPBearer(auto_error=False, description="A key of `cratewatch keys add`")
cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="A session of the page")


class Entrance:
    """Lets in whoever shows a key or a session; anybody, where no key was ever made.

    Attributes:
        is_public: Whether the service listens to more than its own machine: nobody comes in
            without a key then.
    """

    def __init__(self, keys: Keys, rates: Rates, *, is_public: bool) -> None:
        self._keys = keys
        self.rates = rates
        self.is_public = is_public
        self._known: OrderedDict[str, tuple[Key | None, float]] = OrderedDict()
        self._any = (False, 0.0)

    async def needs_key(self) -> bool:
        """Whether nobody comes in without a key."""
        found, until = self._any
        if not found and time.monotonic() > until:
            found = await run_in_threadpool(self._keys.any)
            self._any = found, time.monotonic() + BELIEVED_S
        return self.is_public or found

    async def of_key(self, text: str) -> Key | None:
        """Return the key that is shown, if it is one."""
        return await self._look_up(f"key {text}", self._keys.find, text)

    async def of_session(self, token: str) -> Key | None:
        """Return the key that a browser's session was opened with."""
        return await self._look_up(f"session {token}", self._session, token)

    def _session(self, token: str) -> Key | None:
        return self._keys.of_session(token, SESSION)

    async def open_session(self, key: Key) -> str:
        """Return what a browser shows from now on."""
        return await run_in_threadpool(self._keys.open_session, key, SESSION)

    async def end_session(self, token: str) -> None:
        """Forget a session."""
        self._known.pop(f"session {token}", None)
        await run_in_threadpool(self._keys.end_session, token)

    async def _look_up(self, name: str, find: Callable[[str], Key | None], text: str) -> Key | None:
        found, until = self._known.get(name, (None, 0.0))
        if time.monotonic() > until:
            found = await run_in_threadpool(find, text)
            self._known[name] = found, time.monotonic() + BELIEVED_S
            self._known.move_to_end(name)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return found


def entrance_of(request: Request) -> Entrance:
    """Return the application's entrance."""
    entrance: Entrance = request.app.state.entrance
    return entrance


async def visitor(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
    session: Annotated[str | None, Security(cookie)] = None,
) -> Key | None:
    """Return whose key it is; None where nobody needs one.

    Raises:
        Problem: 401 without a valid key, 429 from one that asked too often.
    """
    entrance = entrance_of(request)
    key = None
    if shown is not None:
        key = await entrance.of_key(shown.credentials)
    elif session is not None:
        key = await entrance.of_session(session)
    if key is None:
        if shown is None and not await entrance.needs_key():
            return None
        raise _nobody(wrong=shown is not None)
    wait_s = entrance.rates.take(key.key_id, key.rate_per_min)
    if wait_s:
        most = f"{key.rate_per_min} requests a minute"
        raise Problem(429, "too_often", f"{key.name} may make {most}", retry_after_s=wait_s)
    return key


def _nobody(*, wrong: bool) -> Problem:
    said = "the key is wrong or revoked" if wrong else "a key is needed"
    problem = Problem(
        401, "no_key", f"{said}; send `Authorization: Bearer KEY`, of `cratewatch keys add NAME`"
    )
    problem.headers = {"WWW-Authenticate": "Bearer"}
    return problem


def scope(name: str) -> Callable[..., Awaitable[Key | None]]:
    """Return a dependency: a visitor whose key opens something."""

    async def opens(key: Annotated[Key | None, Depends(visitor)]) -> Key | None:
        if key is not None and name not in key.scopes:
            has = ", ".join(key.scopes) or "nothing"
            raise Problem(403, "not_in_scope", f"the key opens {has}, and not {name}")
        return key

    return opens
