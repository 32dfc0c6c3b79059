# `make quickstart` and `make test` need Python >= 3.11 and make, nothing else:
# every verb below first builds the virtual environment at the locked versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.PHONY: help quickstart test lint types layers unit bench bench-peers docs lock clean

help: ## List the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gateway needs Python 3.11 or later; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

quickstart: $(STAMP) ## Run the story of examples/weatherapi (ARGS=--exit to stop after it)
	@$(BIN)/gateway quickstart $(ARGS)

test: lint types layers unit ## Lint, types, layering and all tests

lint: $(STAMP) ## Style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy

layers: $(STAMP) ## Which room may import which (pyproject.toml, importlinter)
	@$(BIN)/lint-imports --no-cache

unit: $(STAMP) ## All tests; ARGS are pytest's
	@$(BIN)/pytest -n 2 $(ARGS)

bench: $(STAMP) ## CPU per request, latency and memory beside the peers that are installed
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peers: ## Install the peers (needs root for Debian's packages)
	@sh benchmarks/install-peers.sh

docs: $(STAMP) ## Build the documentation into site/
	@$(BIN)/python -m tools.reference
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: ## Renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade -o requirements.lock

clean: ## Remove what the verbs made
	rm -rf $(VENV) site .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
