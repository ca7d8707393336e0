# Needs Python 3.11 or newer and make; everything else is installed into .venv. PYTHON=… chooses a Python.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install install-dev demo up down test test-unit coverage chaos lint docs format bench bench-fleet bench-detection skab lock clean

BIN := .venv/bin
SKAB ?= $(wildcard ../shared/data/skab)
EYES ?= $(wildcard ../shared/data/eyes)
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed ## Install what Telltale needs to run
install-dev: .venv/.installed-dev ## Install what its tests need as well

demo: install ## Show the whole story: log, training, live fault, verdict, page
	@$(BIN)/telltale demo

up: install ## Start services and processes in the background
	@$(BIN)/telltale up --detach

down: install ## Stop them
	@$(BIN)/telltale down

test: install-dev ## Run every test
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder --durations=10

test-unit: install-dev ## Run the tests that need nothing running, laws with a tenth of their seeds
	@TELLTALE_TEST_LAWS=quick $(BIN)/python -m pytest -n 2 --dist loadscope --durations=10 tests/unit

coverage: install-dev ## Run the unit tests and print what they cover
	@$(BIN)/python -m pytest -n 2 --dist loadscope --cov --cov-report=term:skip-covered tests/unit

chaos: install-dev ## Kill parts with -9 while readings flow, then count everything: [SEED=1] [MINUTES=5] [NEIGHBOUR=1]
	@$(BIN)/python -m tests.guarantees.chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),5) $(if $(NEIGHBOUR),--neighbour)

lint: install-dev ## Check style, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-dev ## Put the code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: install-dev ## Build the documentation as a site in build/site; a broken link stops it
	@$(BIN)/zensical build --clean --strict

bench: install-dev ## Measure, each figure beside its comparison
	@$(BIN)/python -m tests.benchmarks

bench-fleet: install-dev ## Measure 500 machines with millions of readings: every list, as things are and as of earlier
	@$(BIN)/python -m tests.benchmarks.fleet_scale

bench-detection: install-dev ## Measure how well faults are found and how seldom anybody is woken for nothing: [SKAB=DIR] [EYES=DIR]
	@$(BIN)/python -m tests.benchmarks.detection $(if $(SKAB),--skab "$(SKAB)") $(if $(EYES),--eyes "$(EYES)")

skab: install-dev ## Score a labelled SKAB file through the running stack beside scikit-learn alone: make skab FILE=…
	@$(BIN)/python -m tests.benchmarks.skab "$(FILE)"

lock: install-dev ## Write the hashed lock files anew from pyproject.toml
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export --quiet --format requirements-txt --no-emit-project --no-annotate --no-header \
		--no-default-groups --output-file requirements.lock
	$(BIN)/uv export --quiet --format requirements-txt --no-emit-project --no-annotate --no-header \
		--output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--upgrade requirements-bootstrap.in --output-file requirements-bootstrap.lock

clean: ## Remove what was installed and built, but no data
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The tools that install the rest: uv, and what builds this project, so that no build fetches anything unhashed.
.venv/.bootstrapped: requirements-bootstrap.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; where it is called otherwise:" \
		"make PYTHON=/path/to/python3.12 (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "==> Python environment in .venv ($(PYTHON))"
	@$(PYTHON) -m venv .venv
	@echo "==> uv"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-bootstrap.lock
	@touch $@

.venv/.installed: .venv/.bootstrapped requirements.lock pyproject.toml
	@echo "==> Telltale's libraries: 1.4 GB on disk, one to three minutes the first time"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --quiet --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	@echo "==> libraries of the tests"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
