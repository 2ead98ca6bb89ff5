# Two commands do everything: `make narrate` and `make test`. Both set up a .venv here first.
# The first supported interpreter; a name of one, such as python3.12, chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin

.PHONY: licenses docker-lint setup release narrate test test-slow coverage check lint format types contracts docs voice-data voice

setup: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.14 was found: install one, or pass make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	touch $@

narrate: setup
	$(BIN)/hierbatch narrate manifests/sample_book.md --voice manifests/voices/narrator.flac --consent licensed --out runs/sample_book

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Each process takes a core; the one that is done first takes over tests of the other.
test: setup
	$(PYTEST) --dist worksteal -m "not slow"

# A file's tests stay together, for the cluster or server they share.
test-slow: setup
	$(PYTEST) --dist loadfile -m slow

# The share of lines and branches that the fast tests run.
coverage: setup
	$(PYTEST) --dist worksteal -m "not slow" --cov --cov-report term

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

# The documentation site, in site/; a warning is an error.
docs: setup
	$(BIN)/python -m mkdocs build --quiet --strict

# Dependencies with conditions on sharing are in docs/licenses.md.
licenses: setup
	$(BIN)/python -m tools.check_licenses

docker-lint: setup
	$(BIN)/hadolint Dockerfile

check: lint types contracts licenses docker-lint docs test test-slow

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Training of the packaged model. Both targets resume; CACHE is outside the checkout.
SHARED ?= ../shared
CACHE ?= $(HOME)/.cache/hierbatch
TEACHER ?= $(HOME)/.cache/evalkit/whisper-base
TRAINING_HOURS ?= 8

voice-data: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[teacher]'
	$(BIN)/python pipelines/speak_training_texts.py $(SHARED)/texts/en $(SHARED)/texts/epub --out $(CACHE)/corpora/hibari --hours $(TRAINING_HOURS)
	$(BIN)/hierbatch prepare --data $(SHARED)/speech --data $(CACHE)/corpora --out $(CACHE)/prepared --teacher $(TEACHER)

voice: setup
	$(BIN)/hierbatch train lite all --data $(CACHE)/prepared --out $(CACHE)/training
	$(BIN)/hierbatch models assemble lite --training $(CACHE)/training --out hierbatch/bundles/lite

# The wheel and the source archive, checked outside the checkout (the wheel alone has to speak a sentence), and the tag.
release: setup
	rm -rf dist build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt build twine
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m tools.check_wheel dist
	$(BIN)/python -m tools.tag_release
