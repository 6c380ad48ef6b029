# Gongdao: two commands do everything. `make demo` shows the main job, `make test` passes the suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOG := src/gongdao/locale/en/LC_MESSAGES/gongdao

.PHONY: demo test soak bench lint lock clean setup setup-dev setup-browser
.DEFAULT_GOAL := help

help:
	@echo "make demo   set up, check and seal a bundled example case"
	@echo "make test   set up and run the whole suite"
	@echo "make soak   long fuzz runs"
	@echo "make bench  measure speed and memory"

# A stock Debian python3 has no ensurepip: its package is installed on the way when we may.
$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
	  echo "python3-venv is missing; installing it"; \
	  apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(CATALOG).mo: $(CATALOG).po | $(VENV)/.run
	$(BIN)/python tools/compile_catalog.py

setup: $(VENV)/.run $(CATALOG).mo
setup-dev: $(VENV)/.dev $(CATALOG).mo

# The browser tests drive Debian's Chromium; where there is none and we may not install it they are
# skipped, and said to be.
setup-browser:
	@for name in chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "no Chromium here; installing it with its Chinese fonts" >&2; \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null && exit 0; fi; \
	echo "================================================================" >&2; \
	echo "NO CHROMIUM: the browser tests will be SKIPPED, pages are not looked at." >&2; \
	echo "Install it (Debian: apt-get install chromium fonts-noto-cjk)." >&2; \
	echo "================================================================" >&2

demo: setup
	@sh examples/demo.sh

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	GONGDAO_DATA=$(VENV)/lint-data $(BIN)/mypy
	$(BIN)/lint-imports

test: lint setup-browser
	$(BIN)/python -m pytest -n 2 --dist loadfile

soak: setup-dev
	GONGDAO_FUZZ_FILES=10000 $(BIN)/python -m pytest tests/fuzz -q

bench: setup-dev
	$(BIN)/python benchmarks/run.py
	$(BIN)/python -m benchmarks.web_pages --write
	$(BIN)/python -m benchmarks.web_load --write

lock:
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock pyproject.toml build-system.txt
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --extra dev -o requirements-dev.lock pyproject.toml build-system.txt

clean:
	rm -rf $(VENV) build out .mypy_cache .ruff_cache .pytest_cache
