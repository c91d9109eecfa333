"""Imports files of sales: each line becomes an observed price, once, however often it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.naming import Named, Names
from cratewatch.catalog.observations import Observation, ObservationError
from cratewatch.chunks import chunks
from cratewatch.progress import Progress, unseen
from cratewatch.sources.grades import read_grade
from cratewatch.sources.till.reading import SalesFile
from cratewatch.sources.till.sale import Refusal, Sale
from cratewatch.sources.till.settings import Till

LINES_AT_ONCE = 5000
HARMLESS = ("not_sold", "lot", "zero_price")
"""Reasons for which a line that is well written is no price of a record."""


@dataclass(frozen=True)
class SalesReport:
    """What an import of sales did.

    Attributes:
        till: Under which name the sales are kept.
        layouts: Of the files, by name: square, shopify, discogs, plain, or own.
        lines: All of them, headers left out.
        new: Lines that were not known before.
        known: Lines that an earlier import brought, or another of these files.
        returns: How many of the lines are of what was brought back.
        linked: How many of the lines name a release of the catalog.
        refused: Lines that are no sale, by reason.
        examples: Of each reason the first line, and what to do about it.
    """

    till: str
    layouts: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    new: int = 0
    known: int = 0
    returns: int = 0
    linked: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def refusals(self) -> str:
        """Return what was refused, in one line; "" if the only lines were not sold after all."""
        counts, said = self._bad()
        if not counts:
            return ""
        return (
            f"import-sales: {sum(counts.values())} lines were refused ({said}), the others are in; "
            f"for example {self.examples[next(iter(counts))]}; then import the file again"
        )

    def bad_lines(self) -> tuple[str, ...]:
        """Return a line that tells what of the files was left out; none if nothing was."""
        counts, said = self._bad()
        if not counts:
            return ()
        example = self.examples[next(iter(counts))]
        return (f"{sum(counts.values())} lines of the till ({said}) are left out: {example}",)

    def _bad(self) -> tuple[dict[str, int], str]:
        """Return how many lines were refused that should not be there, by reason, and in words."""
        counts = {r: n for r, n in self.refused.items() if r not in HARMLESS}
        return counts, ", ".join(f"{reason} {count}" for reason, count in counts.items())


def import_sales(
    files: Sequence[Path],
    catalog: Catalog,
    name: str,
    till: Till,
    on_progress: Progress = unseen,
) -> SalesReport:
    """Add the sales of files to the observed prices.

    Args:
        name: Of the till: the source of its sales.
        on_progress: Called with lines done, None and the file's name.

    Raises:
        NotFoundError: if a file is missing; nothing is imported then.
        CratewatchError: if a file is none of sales; nothing is imported then.
    """
    opened = [(file, SalesFile(file, till)) for file in files]
    run = _Import(catalog, name, on_progress)
    for file, sales in opened:
        run.take(file, sales)
    layouts = Counter(sales.layout.name for _, sales in opened)
    return run.report(dict(layouts))


def read_sales(
    files: Sequence[Path], catalog: Catalog, name: str, till: Till
) -> tuple[list[Observation], SalesReport]:
    """Return the sales of files as import_sales() would add them, each once, and add none.

    Raises:
        NotFoundError: if a file is missing.
        CratewatchError: if a file is none of sales.
    """
    opened = [SalesFile(file, till) for file in files]
    run = _Import(catalog, name, unseen)
    found = {o.observation_id: o for sales in opened for part in run.read(sales) for o in part}
    layouts = Counter(sales.layout.name for sales in opened)
    return list(found.values()), run.report(dict(layouts))


class _Import:
    def __init__(self, catalog: Catalog, name: str, on_progress: Progress) -> None:
        self._catalog = catalog
        self._name = name
        self._on_progress = on_progress
        self._count: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def take(self, file: Path, sales: Iterable[Sale | Refusal]) -> None:
        for observations in self.read(sales):
            new = self._catalog.observations.add(observations)
            self._count["new"] += new
            self._count["known"] += len(observations) - new
            self._on_progress(self._count["lines"], None, file.name)

    def read(self, sales: Iterable[Sale | Refusal]) -> Iterator[list[Observation]]:
        for part in chunks(self._accepted(sales), LINES_AT_ONCE):
            yield list(self._observations(part))

    def report(self, layouts: dict[str, int]) -> SalesReport:
        counts = {
            name: self._count[name] for name in ("lines", "new", "known", "returns", "linked")
        }
        return SalesReport(
            self._name, layouts, **counts, refused=dict(self._refused), examples=self._examples
        )

    def _accepted(self, sales: Iterable[Sale | Refusal]) -> Iterator[Sale]:
        for sale in sales:
            self._count["lines"] += 1
            if isinstance(sale, Refusal):
                self._refuse(sale.reason, f"{sale.where}: {sale.detail}")
            else:
                yield sale

    def _observations(self, sales: Sequence[Sale]) -> Iterator[Observation]:
        names = self._catalog.releases.named(Named(s.barcode, s.sku, s.release_id) for s in sales)
        for sale in sales:
            try:
                observation = self._observation(sale, names)
            except ObservationError as error:
                self._refuse("unfit", f"{sale.where}: {error}")
                continue
            self._count["returns"] += sale.quantity < 0
            self._count["linked"] += observation.release_id is not None
            yield observation

    def _observation(self, sale: Sale, names: Names) -> Observation:
        words = " / ".join(filter(None, (sale.media_condition, sale.sleeve_condition)))
        return Observation(
            source=self._name,
            native_id=sale.native_id,
            kind="sold",
            title=sale.named,
            price=sale.price,
            currency=sale.currency,
            observed_at=sale.sold_at,
            release_id=names.of(Named(sale.barcode, sale.sku, sale.release_id)),
            media_condition=read_grade(sale.media_condition),
            sleeve_condition=read_grade(sale.sleeve_condition),
            condition=words or None,
            quantity=sale.quantity,
        )

    def _refuse(self, reason: str, detail: str) -> None:
        self._refused[reason] += 1
        self._examples.setdefault(reason, detail)
