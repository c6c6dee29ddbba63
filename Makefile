# make run | make test   on a machine with nothing but Python >= 3.11 and make; the rest: make help

VENV ?= .venv
CONFIG ?=
ARGS ?=
SEED ?= 0
SECONDS ?= 60
PY := $(VENV)/bin/python
CLI_DOCS := TERM=dumb $(VENV)/bin/typer scraper/cli.py utils docs --name scraper
PYTHONS := test-3.11 test-3.12 test-3.13
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run fmt check unit test search cov-core simulate test-pythons $(PYTHONS) bench soak image-test docs lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(VENV)/.ready ## make the virtual environment with what a crawl needs

run: $(VENV)/.ready ## the main job: crawl the demo site, or CONFIG=config/x.yaml; ARGS="..." go to the command
	@exec $(VENV)/bin/scraper $(if $(CONFIG),run $(CONFIG),demo) $(ARGS)

fmt: $(VENV)/.ready-dev ## format, and mend what ruff can mend
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

check: $(VENV)/.ready-dev ## format, lint, types, imports, generated docs
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m scraper.config.docs --check
	@$(CLI_DOCS) | diff -qB - docs/cli.md >/dev/null || { echo "docs/cli.md is stale: make docs"; exit 1; }

unit: $(VENV)/.ready-dev ## the quick tests
	@$(PY) -m pytest -q tests/unit $(ARGS)

test: $(VENV)/.ready-dev ## all tests but the long runs
	@$(PY) -m pytest -q -n 2 --dist worksteal $(ARGS)

search: $(VENV)/.ready-dev ## the quick tests, with examples that no run has tried before
	@EXAMPLES=new $(PY) -m pytest -q -n 2 --dist worksteal tests/unit $(ARGS)

cov-core: $(VENV)/.ready-dev ## each core file covered by its own test file alone
	@$(PY) tests/cov_core.py

simulate: $(VENV)/.ready-dev ## whole crawls in virtual time, from SEED= on, for SECONDS=60
	@$(PY) -m tests.simulation --seed $(SEED) --seconds $(SECONDS) $(ARGS)

test-pythons: $(PYTHONS) ## make test on each Python

$(PYTHONS): test-%:
	@$(MAKE) --no-print-directory test PYTHON=$* VENV=.venv-$*

bench: $(VENV)/.ready-bench ## measure beside other scrapers, some eight minutes; ARGS=--long for an hour
	@$(PY) -m bench $(ARGS)

soak: $(VENV)/.ready-dev ## a hundred kills at random moments
	@SOAK=100 $(PY) -m pytest -q --timeout 3600 -m soak tests/faults $(ARGS)

image-test: ## build the image and crawl in it; needs docker, or IMAGE_TOOL=COMMAND in its stead
	@tools/image-test.sh

docs: $(VENV)/.ready-dev ## write docs/config.md and docs/cli.md anew
	@$(PY) -m scraper.config.docs
	@$(CLI_DOCS) --output docs/cli.md >/dev/null

lock: ## resolve the lock files anew (needs uv); hashes and no addresses
	@tools/lock.sh

clean: ## remove what make made; crawled data stays
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build dist

$(VENV)/.ready: requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready requirements-bench.lock
	@tools/setup.sh $(VENV) requirements-bench.lock
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@tools/setup.sh $(VENV) requirements-dev.lock
	@touch $@
