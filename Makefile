# Two commands do everything: `make narrate` and `make test`. Both set up a .venv here first.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: setup narrate test check lint format types contracts

setup: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

narrate: setup
	$(BIN)/hierbatch narrate manifests/sample_book.md --voice manifests/voices/narrator.flac --consent licensed --out runs/sample_book

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

check: lint types contracts test

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
