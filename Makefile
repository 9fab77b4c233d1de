# `make up` and `make test` do all the set-up themselves, into .venv/ and web/node_modules/. Nothing else on the machine
# is touched, except that these packages of Debian are installed where they are missing and may be installed: python3-venv,
# and for the tests chromium.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
NODE := scripts/node $(VENV)
PAGE := api/static/index.html
ARGS ?=
# How many tests run at a time: most of them wait most of the time.
JOBS ?= 4
# Checks and builds that need nothing of each other run two at a time; what each says stays together where make can.
TOGETHER = $(MAKE) --no-print-directory --keep-going -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# What is needed for tests has all of `up`.
IS_DEV := $(or $(wildcard $(VENV)/.installed-dev),$(filter-out up page clean help,$(MAKECMDGOALS)))
SETUP := $(VENV)/.installed-$(if $(IS_DEV),dev,up)
# npm writes this one itself.
MODULES := web/node_modules/.package-lock.json
PAGE_SOURCES := $(shell find web -name node_modules -prune -o -type f ! -name '*.test.ts' ! -name '*.test.tsx' -print)

.DEFAULT_GOAL := help
.PHONY: help up page test check types reference format bench dist screenshots browser clean
.PHONY: installed ruff mypy eslint prettier tsc vitest

help:
	@echo 'make up           run everything on this computer: server, worker and executor (ARGS=… for wegent-server up)'
	@echo 'make page         build the web page into api/static (part of up, test and dist)'
	@echo 'make test         check, then run all tests (ARGS=… for pytest)'
	@echo 'make check        ruff, eslint, formatting and types'
	@echo 'make types        write the TypeScript types of all messages anew, from the Python ones'
	@echo 'make reference    write docs/python.md anew, from the signatures and docstrings of wegent'
	@echo 'make format       let ruff and prettier rewrite what they can'
	@echo 'make bench        measure, print a table, write JSON (ARGS=… for python -m benchmarks)'
	@echo 'make dist         build the page and the wheel into dist/'
	@echo 'make screenshots  take the README's pictures of the page anew'
	@echo 'make clean        remove .venv, the built page and what tools left behind'
	@echo 'PYTHON=…          the Python (3.11 or newer) to make .venv from'

# Stamps: installed once, and again when pyproject.toml has changed.
$(VENV)/.installed-dev: pyproject.toml scripts/setup
	@PYTHON='$(PYTHON)' scripts/setup $(VENV) dev

$(VENV)/.installed-up: pyproject.toml scripts/setup
	@PYTHON='$(PYTHON)' scripts/setup $(VENV) up

# Node.js, where there is none, goes into .venv; hence the order. A registry that is away is asked twice, not for minutes.
$(MODULES): web/package.json web/package-lock.json | $(if $(shell scripts/node --is-on-path && echo yes),,$(SETUP))
	@echo 'page: installing what builds it into web/node_modules'
	@$(NODE) npm ci --no-audit --no-fund --loglevel=error --no-update-notifier --fetch-retries=1 --fetch-retry-mintimeout=1000
	@touch $@

$(PAGE): $(MODULES) $(PAGE_SOURCES)
	@echo 'page: building it into api/static'
	@$(NODE) npm run --silent build

page: $(PAGE)

# Without the page everything but the page works, and the server says how to build it.
up: $(SETUP)
	@$(MAKE) --no-print-directory page || \
		echo 'page: it could not be built (the message is above), so the web page is missing or old; starting without' >&2
	@$(BIN)/wegent-server up $(ARGS)

installed:
	@$(MAKE) --no-print-directory -j2 $(VENV)/.installed-dev $(MODULES)

# The longest first.
check: installed
	@$(TOGETHER) eslint mypy tsc prettier ruff

ruff:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy:
	$(BIN)/mypy

eslint prettier tsc vitest:
	$(NODE) npm run --silent $@

browser: $(VENV)/.installed-dev
	@scripts/browser $(VENV) >/dev/null

test: installed
	@$(TOGETHER) browser eslint vitest mypy tsc prettier page ruff
	$(BIN)/pytest -n $(JOBS) $(ARGS)

types: $(VENV)/.installed-dev
	$(BIN)/python scripts/typescript

reference: $(VENV)/.installed-dev
	$(BIN)/python scripts/reference

format: $(VENV)/.installed-dev $(MODULES)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(NODE) npm run --silent format

bench: $(VENV)/.installed-dev page browser
	$(BIN)/python -m benchmarks $(ARGS)

dist: $(VENV)/.installed-dev page
	$(BIN)/python -m hatchling build -t wheel

screenshots: $(VENV)/.installed-dev page browser
	PYTHONPATH=tests $(BIN)/python scripts/screenshots $(ARGS)

clean:
	rm -rf $(VENV) web/node_modules api/static .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
