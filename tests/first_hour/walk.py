"""A tutorial as a walk: what is typed, what is written into files, and what is to be seen.

A block marked `console` holds commands behind a `$`, each above what it prints; a line `...` stands
for lines that are left out. A block with a file's name beside its language is that file. Other
blocks are for reading.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:.*\\\n)*.*\n")
LEFT_OUT = "...\n"
LIMIT_S = 900
VARIES = re.compile(
    r"(?P<id>\d{8}T\d{6}-[a-z-]+-[0-9a-f]{6}"
    r"|(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{8,64}(?![0-9A-Za-z]))"
    r"|(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)"
    r"|(?P<duration>\d+:\d\d:\d\d|-:--:--)"
    r"|(?P<decimal>[+-]?\d+\.\d+(?!\d| (?:EUR|GBP)))"
    r"|(?P<share>\d+(?= ?%))"
    r"|(?P<counts>(?<=\)) +\d+ +\d+$)"
    r"|(?P<bar>[━╸╺─]+)"
    r"|(?P<space> +)"
)
"""What is another on each walk: names of runs and of hashes, times, figures that a machine's
arithmetic bears on, and how wide a column is that holds them. Prices are none of it."""
PATTERNS = {
    "id": r"\d{8}T\d{6}-[a-z-]+-[0-9a-f]{6}|[0-9a-f]{8,64}",
    "time": r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?",
    "duration": r"(?:\d+:\d\d:\d\d|-:--:--)",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "share": r"\d+(?:\.\d+)?",
    "counts": r" +\d+ +\d+",
    "bar": r"[━╸╺─]+",
    "space": r" +",
}


@dataclass(frozen=True)
class Step:
    """One command, or one file.

    Attributes:
        text: What is typed, or what the file holds.
        told: What the document says is printed.
        file: Its name; "" for a command.
    """

    text: str
    told: str = ""
    file: str = ""


def read_walk(document: Path) -> list[Step]:
    """Return a tutorial's steps in their order."""
    blocks = BLOCK.findall(document.read_text())
    return [step for block in blocks for step in _steps(*block)]


def _steps(language: str, file: str, body: str) -> Iterator[Step]:
    if file:
        yield Step(body, file=file)
    elif language == "console":
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            typed = TYPED.match(part)
            assert typed, part
            yield Step(typed[0].rstrip(), part[typed.end() :])


@dataclass
class Walk:
    """Someone who types what a tutorial says, in a folder.

    Attributes:
        places: What is called otherwise there: the shop's address, the folder.
        names: Names of runs and of hashes as the document has them, to those of this walk.
    """

    folder: Path
    places: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def take(self, step: Step) -> str:
        """Do what a step says; return what is seen, in the document's words for places."""
        text = self._here(step.text)
        if step.file:
            (self.folder / step.file).write_text(text)
            return ""
        if step.text.startswith("export "):
            name, _, value = text.removeprefix("export ").partition("=")
            self.environment[name] = value
            return ""
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return self._there(done.stdout)

    def compare(self, told: str, seen: str) -> None:
        """Fail unless what is seen is what is told, but for what varies."""
        found = re.fullmatch(pattern_of(told), seen)
        assert found, f"told:\n{told}\nseen:\n{seen}"
        names = [m[0] for m in VARIES.finditer(told) if m.lastgroup == "id"]
        for name, here in zip(names, found.groups(), strict=True):
            assert self.names.setdefault(name, here) == here, f"{name} is called {here} now"

    def _here(self, text: str) -> str:
        for told, here in (self.places | self.names).items():
            text = text.replace(told, here)
        return text

    def _there(self, text: str) -> str:
        for told, here in self.places.items():
            text = text.replace(here, told)
        return text


def pattern_of(told: str) -> str:
    """Return the expression for what is told; each name of a run or hash is a group."""
    parts = []
    for line in told.splitlines(keepends=True):
        parts.append(r"(?:.*\n)*?" if line == LEFT_OUT else _line_pattern(line))
    return "".join(parts)


def _line_pattern(line: str) -> str:
    line, pattern, end = line.rstrip(), "", 0
    for found in VARIES.finditer(line):
        kind = found.lastgroup or ""
        varying = f"({PATTERNS[kind]})" if kind == "id" else PATTERNS[kind]
        pattern += re.escape(line[end : found.start()]) + varying
        end = found.end()
    return pattern + re.escape(line[end:]) + r" *\n"
