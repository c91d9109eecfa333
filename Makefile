# Everything stays inside this folder: .venv/ and build/.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.8
AUDIT := pip-audit@2.10.1
PINS := constraints.txt

export UV_CACHE_DIR := $(CURDIR)/build/uv-cache
export UV_PYTHON_DOWNLOADS := never
# Who forbids bytecode has each process of the tests compile all of the library anew.
unexport PYTHONDONTWRITEBYTECODE

# Four for two cores: a third of the time tests wait, and each process imports everything once.
PYTEST := $(BIN)/pytest -q --basetemp=build/pytest --numprocesses=4 --dist=loadfile \
	--no-loadscope-reorder --max-worker-restart=0
# Whose imports alone take seconds, or which start processes: all but a few are heavy.
NOT_FAST := tests/workers tests/flows tests/scrapers tests/cratewatch/synthesis/diffusion
SLOW := tests
TOGETHER := $(MAKE) --no-print-directory --jobs --output-sync=target

.PHONY: demo check test test-slow test-all test-deps setup lint ruff types contracts fast audit \
	clean constraints schemas

demo: setup  ## the whole way of the data on an embedded record shop
	@$(BIN)/cratewatch demo --home build/demo

check: setup  ## lint, types, import contracts and the fast tests, side by side
	@$(TOGETHER) ruff types contracts fast

test: lint test-deps  ## lint, types, import contracts and all tests but the slow ones
	$(PYTEST) -m 'not slow'

test-slow: setup test-deps  ## the slow tests; SLOW='FILES' for some of them
	$(PYTEST) -m slow $(SLOW)

test-all: lint test-deps  ## every test
	$(PYTEST)

lint: setup
	@$(TOGETHER) ruff types contracts

ruff:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports --no-cache

# Nothing here waits for other processes: two more would only import everything two times more.
fast: build
	$(PYTEST) --numprocesses=2 -m 'not heavy and not slow' $(NOT_FAST:%=--ignore=%)

test-deps: build
	@infra/install-test-deps.sh

build:
	@mkdir -p build

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cratewatch needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --no-cache-dir --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --group dev --editable .
	@touch $@

audit: setup  ## compare the pins with the published advisories; asks services on the internet
	$(BIN)/uv tool run --quiet $(AUDIT) --strict --desc=off --no-deps --disable-pip --requirement $(PINS)

schemas: setup  ## write the JSON Schemas of what commands print anew
	$(BIN)/python -m cratewatch.commands.schema_making

constraints:  ## resolve the pins anew
	$(BIN)/uv pip compile --quiet --upgrade --no-header --universal \
		--python-version 3.11 --group dev pyproject.toml --output-file constraints.txt

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis
