"""Fits the model of figures that ships, and puts it into the package with its card.

.venv/bin/python benchmarks/ship_figures.py --figures 6000
"""

from __future__ import annotations

import argparse
import time

from safetensors.numpy import save_file

from cratewatch.words.figure_attributes import SHIPPED_FIGURES
from cratewatch.words.figures.fitting import fit_figures


def main() -> None:
    options = _options()
    start = time.process_time()
    fitted = fit_figures(options.figures, options.seed)
    SHIPPED_FIGURES.parent.mkdir(exist_ok=True)
    save_file(
        {"weights": fitted.weights, "offsets": fitted.offsets},
        SHIPPED_FIGURES,
        {"terms": " ".join(fitted.terms)},
    )
    print(f"{SHIPPED_FIGURES}: {options.figures} figures, {time.process_time() - start:.0f} CPU-s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
