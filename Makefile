# Offcut on a fresh machine needs python3 (3.11 or newer, with venv), make, git and npm. Nothing else.
# `make test` drives a Chromium, and fetches one when there is none.
#
#   make setup           .venv, everything that is pinned, the default weights
#   make serve           the website and the API on OFFCUT_PORT (8000)
#   make test            setup, lint, types, layers, tests
#   make test-long       the tests that make up requests, cut the power and play histories, with large numbers (an hour)
#   make lint            format, lint, types, layers
#   make bench-quality EVAL=folder
#   make bench-speed
#   make lock            writes requirements.lock from what .venv holds
#   make words           finds the website's words, compiles their translations; LANGUAGE=it begins Italian
#   make screenshots     every page as pictures into out/screenshots, for looking at
#   make errors          writes docs/errors.md from the error tree

PYTHON ?= python3
OFFCUT_PORT ?= 8000
TEST_WORKERS ?= 2
export OFFCUT_PORT

bin := .venv/bin
installed := .venv/installed.stamp

.PHONY: setup serve test test-long lint bench-quality bench-speed lock errors words screenshots clean

setup: $(installed)
	@$(bin)/offcut models pull

# The stamp makes a second call quick. The weights have none: they live outside this folder, and
# `offcut models pull` sees by itself that they are there.
$(installed): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Offcut needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(bin)/python || $(PYTHON) -m venv .venv
	$(bin)/python -m pip install --quiet --upgrade pip
	$(bin)/python -m pip install --quiet --constraint requirements.lock --editable '.[server]' --group dev
	@touch $@

serve: setup
	@if $(bin)/python -c "import offcut.server.command" 2>/dev/null; \
	  then exec $(bin)/offcut serve; \
	  else echo "not yet: the server is built next"; exit 1; fi

# The browser's tests run apart: what drives the browser leaves an event loop in its process; whoever is done first takes
# from the other's rest, since a few of them take minutes. The server's tests run twice: on SQLite with all others, then
# on a private PostgreSQL that a wheel brings.
test: setup lint
	$(bin)/python tests/browser/chromium.py
	$(bin)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --ignore tests/browser
	$(bin)/python -m pytest -n $(TEST_WORKERS) --dist worksteal tests/browser
	OFFCUT_TEST_DATABASE=postgresql $(bin)/python -m pytest -n $(TEST_WORKERS) --dist loadfile tests/server tests/scenarios

# The same tests as in `make test`, where each plays a hundredth of it.
test-long: setup
	OFFCUT_TEST_FUZZ_CASES=3500 $(bin)/python -m pytest -s tests/wire/test_openapi.py tests/wire/test_flows.py
	OFFCUT_TEST_POWER_CUTS=100 $(bin)/python -m pytest -s tests/wire/test_hard_times.py
	LEDGER_HISTORIES=10000 $(bin)/python -m pytest tests/server/credits/test_histories.py

lint: $(installed)
	$(bin)/python -m ruff check .
	$(bin)/python -m ruff format --check .
	$(bin)/lint-imports
	$(bin)/python -m mypy

bench-quality: setup
	@test -n "$(EVAL)" || { echo "Say where the photographs are: make bench-quality EVAL=folder"; exit 1; }
	$(bin)/python benchmarks/quality.py "$(EVAL)" --write

bench-speed: setup
	$(bin)/python benchmarks/speed.py --write

# A constraint file: names and versions only, so that it holds on every platform and with every index.
lock: $(installed)
	$(bin)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools > requirements.lock
	@touch $(installed)

words: $(installed)
	$(bin)/python tools/words.py $(LANGUAGE)

screenshots: setup
	$(bin)/python tools/screenshots.py out/screenshots

errors: $(installed)
	$(bin)/python -m offcut.cli.errors_page docs/errors.md

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
