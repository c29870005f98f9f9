# The two commands of the README: `make chat` and `make test`. Everything they install goes into .venv.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
COMMAND_LINE := $(BIN)/typer assistant.cli.main utils docs --name assistant
SOURCES := assistant vectorstore prompts benchmarks tests examples docs

.PHONY: chat test check models docs clean

chat: $(VENV)/.runtime models
	$(BIN)/assistant serve --sample

test: $(VENV)/.development check
	$(BIN)/python -m pytest -n auto --dist loadfile tests/integration tests/contract tests/unit
	$(BIN)/python -m pytest -m acceptance tests/acceptance

check: $(VENV)/.development
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(COMMAND_LINE) --output .venv/command-line.md >/dev/null
	cmp docs/command-line.md .venv/command-line.md || { echo "docs/command-line.md is out of date: run make docs"; exit 1; }

models: $(VENV)/.runtime
	$(BIN)/assistant models get

docs: $(VENV)/.development
	$(COMMAND_LINE) --output docs/command-line.md
	$(BIN)/python docs/write.py
	$(BIN)/python docs/translate.py

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.development: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.runtime
