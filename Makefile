# The two commands of the README: `make chat` and `make test`. Everything they install goes into .venv.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
COMMAND_LINE := $(BIN)/typer assistant.cli.main utils docs --name assistant
SOURCES := assistant vectorstore prompts benchmarks tests examples docs
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command "make lock"
CUDA := cuda-bindings cuda-toolkit nvidia-cudnn-cu13 nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvshmem-cu13 triton

.PHONY: chat test check models docs lock clean

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

lock: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv
	printf '%s\n' $(CUDA) | $(LOCK) pyproject.toml --excludes - --no-emit-package torch --output-file requirements.lock
	sed -n 's/^ *"\(torch[<>=].*\)",$$/\1/p' pyproject.toml | $(LOCK) - --constraints requirements.lock \
		--output-file requirements-torch.lock

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
