"""Keeps what a search by words needs open: the models, and the gallery, or a copy of its file."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass

from cratewatch.errors import BusyError, NotFoundError
from cratewatch.gallery.connection import file_of
from cratewatch.gallery.person_rows import PersonsWanted
from cratewatch.gallery.persons import nobody_indexed
from cratewatch.gallery.snapshot import Signature, signature
from cratewatch.lake.lake import Lake
from cratewatch.service.opened import PATIENCE_S, readable
from cratewatch.settings import Settings
from cratewatch.words.models import Models, models_of
from cratewatch.words.opening import open_persons
from cratewatch.words.ranking import Cut
from cratewatch.words.searching import Found, WordSearch

LOOK_EVERY_S = 5.0
"""How long a copy of the gallery's file is believed to be what the file is."""


@dataclass(frozen=True)
class _Opened:
    """What is open; of_file is None of a server."""

    search: WordSearch
    of_file: Signature | None
    closing: contextlib.ExitStack


class WordServing:
    """Searches one after the other; what it needs is opened by the first."""

    def __init__(self, settings: Settings, lake: Lake, owner: str) -> None:
        self._settings = settings
        self._lake = lake
        self._owner = owner
        self._lock = threading.Lock()
        self._models: Models | None = None
        self._opened: _Opened | None = None
        self._looked = 0.0

    def search(self, prompt: str, wanted: PersonsWanted, cut: Cut) -> Found:
        """Find who fits a prompt best; see WordSearch.search()."""
        with self._lock:
            return self._ready().search(prompt, wanted, cut)

    def close(self) -> None:
        """Give everything back."""
        with self._lock:
            self._let_go()

    def _ready(self) -> WordSearch:
        """Return a search of what the gallery holds now, or held some seconds ago."""
        if self._opened is not None and not self._is_stale():
            return self._opened.search
        try:
            opened = self._open()
        except BusyError:  # somebody writes to the file: what was there before still answers
            if self._opened is None:
                raise
            return self._opened.search
        self._let_go()
        self._opened = opened
        return opened.search

    def _is_stale(self) -> bool:
        file = file_of(self._settings.gallery_uri)
        if file is None or time.monotonic() < self._looked + LOOK_EVERY_S:
            return False
        self._looked = time.monotonic()
        assert self._opened
        return signature(file) != self._opened.of_file

    def _open(self) -> _Opened:
        self._models = self._models or models_of(self._settings)
        self._looked = time.monotonic()
        with contextlib.ExitStack() as stack:
            try:
                seen, reading = stack.enter_context(readable(self._settings))
            except NotFoundError as error:  # there is no file at all
                raise nobody_indexed(self._settings.gallery_uri) from error
            persons = stack.enter_context(open_persons(reading, self._owner, PATIENCE_S))
            shows = self._settings.facets_of_persons
            search = WordSearch(
                self._lake,
                persons,
                self._models.model,
                before=self._models.before,
                shows_sensitive=shows,
            )
            return _Opened(search, seen, stack.pop_all())

    def _let_go(self) -> None:
        if self._opened:
            self._opened.closing.close()
            self._opened = None
