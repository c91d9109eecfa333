# Everything stays inside this folder: .venv/ and build/.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.8

export UV_CACHE_DIR := $(CURDIR)/build/uv-cache
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test setup lint clean constraints

demo: setup  ## the whole way of the data on an embedded record shop
	@$(BIN)/cratewatch demo --home build/demo

test: lint  ## lint, types, import contracts and tests
	@infra/install-test-deps.sh
	@mkdir -p build
	$(BIN)/pytest -q --basetemp=build/pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder --max-worker-restart=0

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cratewatch needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --no-cache-dir --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --group dev --editable .
	@touch $@

constraints:  ## resolve the pins anew
	$(BIN)/uv pip compile --quiet --upgrade --no-header --universal \
		--python-version 3.11 --group dev pyproject.toml --output-file constraints.txt

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis
