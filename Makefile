# Every target makes what it needs: a fresh machine needs Python 3.11+, make and pip.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo test test-slow test-browser test-engines bench fuzz lint fmt docs check floors clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'

# Installed in place, so that a change of the code needs no new installation.
$(VENV)/run.stamp: $(BIN)/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/docs.stamp: $(VENV)/run.stamp
	$(BIN)/pip install --quiet --group docs
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/pip install --quiet --group dev
	@touch $@

demo: $(VENV)/run.stamp  ## Annotate examples/notes.parquet with the bundled model
	$(BIN)/python examples/annotate_notes.py

bench: $(VENV)/run.stamp  ## Measure the speed of this machine, in a minute
	$(BIN)/python -m benchmarks.speed --quick

test: $(VENV)/dev.stamp  ## Run the tests
	$(BIN)/python -m pytest

test-slow: $(VENV)/dev.stamp  ## Run the tests that take minutes
	$(BIN)/python -m pytest -m slow

test-browser: $(VENV)/dev.stamp  ## Look at pages with Chromium (apt-get install chromium)
	$(BIN)/python -m pytest -m browser tests/html

test-engines: $(VENV)/dev.stamp  ## Run the tests on Spark (needs Java 17) and Ray
	$(BIN)/pip install --quiet --group engines
	$(BIN)/python -m pytest -m engines

fuzz: $(VENV)/dev.stamp  ## Read hostile Spark NLP files, for SECONDS (60)
	$(BIN)/pip install --quiet --group fuzz
	$(BIN)/python tests/fuzz/fuzz_sparknlp.py $(or $(SECONDS),60)

lint: $(VENV)/dev.stamp  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

fmt: $(VENV)/dev.stamp  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/docs.stamp  ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

check: lint test  ## Everything that must hold before a commit

floors: $(BIN)/python  ## Run the tests on the oldest dependencies that are allowed
	$(PYTHON) -m venv $(VENV)/floors
	$(VENV)/floors/bin/pip install --quiet --upgrade 'pip>=25.1'
	$(VENV)/floors/bin/pip install --quiet --constraint tests/floors.txt --editable .
	$(VENV)/floors/bin/pip install --quiet --constraint tests/floors.txt --group test
	$(VENV)/floors/bin/python -m pytest

clean:  ## Remove what the other targets made
	rm -rf $(VENV) build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
