# `make up` and `make test` do all the set-up themselves, into .venv/. Nothing else on the machine is touched,
# except that Debian's python3-venv package is installed where it is missing and may be installed.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help up test check format bench clean

help:
	@echo 'make up       run everything on this computer: server, worker and executor (ARGS=… for wegent-server up)'
	@echo 'make test     check, then run all tests (ARGS=… for pytest)'
	@echo 'make check    ruff, formatting and types'
	@echo 'make format   let ruff rewrite what it can'
	@echo 'make bench    measure, print a table, write JSON (ARGS=… for python -m benchmarks)'
	@echo 'make clean    remove .venv and what tools left behind'
	@echo 'PYTHON=…      the Python (3.11 or newer) to make .venv from'

# Stamps: installed once, and again when pyproject.toml has changed. What is needed for tests has all of `up`.
$(VENV)/.installed-dev: pyproject.toml scripts/setup
	@PYTHON='$(PYTHON)' scripts/setup $(VENV) dev

$(VENV)/.installed-up: pyproject.toml scripts/setup
	@PYTHON='$(PYTHON)' scripts/setup $(VENV) up

up: $(if $(wildcard $(VENV)/.installed-dev),$(VENV)/.installed-dev,$(VENV)/.installed-up)
	@$(BIN)/wegent-server up $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest $(ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
