# Gongdao: two commands do everything. `make demo` shows the main job, `make test` passes the suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOG := src/gongdao/locale/en/LC_MESSAGES/gongdao

.PHONY: demo test shuffle compile programs soak bench lint lock clean setup setup-dev setup-browser setup-go setup-anvil setup-nginx setup-openssl
.DEFAULT_GOAL := help

help:
	@echo "make demo   set up, check and seal a bundled example case"
	@echo "make test   set up and run the whole suite"
	@echo "make shuffle the same tests in a new order, with new random examples"
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

# The browser tests drive Debian's Chromium, best the one without windows, which costs a tenth of the
# processor time; where there is none and we may not install it they are skipped, and said to be.
setup-browser:
	@command -v chromium-headless-shell >/dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "no Chromium without windows here; installing it with its Chinese fonts" >&2; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends chromium-headless-shell fonts-noto-cjk >/dev/null && exit 0; fi; \
	for name in chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null 2>&1 && exit 0; done; \
	echo "================================================================" >&2; \
	echo "NO CHROMIUM: the browser tests will be SKIPPED, pages are not looked at." >&2; \
	echo "Install it (Debian: apt-get install chromium-headless-shell fonts-noto-cjk)." >&2; \
	echo "================================================================" >&2

# A checker of the public log that is not ours, in Go on Debian's own package: where there is none and
# we may not install it, the tests that need it are skipped, and said to be.
GO_MOD := /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog
setup-go:
	@command -v go >/dev/null 2>&1 && [ -d $(GO_MOD) ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "no Go with x/mod here; installing it" >&2; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends golang-go golang-golang-x-mod-dev >/dev/null && exit 0; fi; \
	echo "================================================================" >&2; \
	echo "NO GO: the foreign checker of the log will be SKIPPED." >&2; \
	echo "Install it (Debian: apt-get install golang-go golang-golang-x-mod-dev)." >&2; \
	echo "================================================================" >&2

# A real EVM node for the tests of anchors. The npm package holds the program itself and runs no
# script; it lies in .tools, which Git ignores, and leaves no lock file.
ANVIL_VERSION := 1.7.1
ANVIL := .tools/node_modules/@foundry-rs/anvil-linux-amd64
setup-anvil:
	@grep -qs '"version": "$(ANVIL_VERSION)"' $(ANVIL)/package.json && [ -x $(ANVIL)/bin/anvil ] \
	  && exit 0; \
	if [ "$$(uname -sm)" = "Linux x86_64" ] && command -v npm >/dev/null 2>&1; then \
	  echo "no anvil here; installing it" >&2; \
	  npm install --prefix .tools --silent --no-save --no-package-lock --no-audit --no-fund \
	    --ignore-scripts @foundry-rs/anvil-linux-amd64@$(ANVIL_VERSION) >/dev/null && exit 0; fi; \
	echo "================================================================" >&2; \
	echo "NO ANVIL: the tests of anchors on a real EVM node will be SKIPPED." >&2; \
	echo "It wants Linux on x86_64 and npm (Debian: apt-get install npm)." >&2; \
	echo "================================================================" >&2

# The manual's nginx example is tried on a real nginx: Debian's package, unpacked and not installed, so
# that no service starts.
NGINX := .tools/nginx/usr/sbin/nginx
setup-nginx:
	@command -v nginx >/dev/null 2>&1 || [ -x $(NGINX) ] && exit 0; \
	if command -v apt-get >/dev/null 2>&1; then \
	  echo "no nginx here; unpacking it" >&2; mkdir -p .tools/nginx; \
	  { [ "$$(id -u)" != 0 ] || apt-get update -qq; } && \
	  (cd .tools/nginx && apt-get download -qq nginx 2>/dev/null && dpkg -x nginx_*.deb .) && \
	  $(NGINX) -v 2>/dev/null && exit 0; fi; \
	echo "================================================================" >&2; \
	echo "NO NGINX: its example in the manual will NOT be tried." >&2; \
	echo "Install it (Debian: apt-get install nginx-light)." >&2; \
	echo "================================================================" >&2

# A time-stamp authority of our own for the tests.
setup-openssl:
	@command -v openssl >/dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssl >/dev/null \
	    && exit 0; fi; \
	echo "================================================================" >&2; \
	echo "NO OPENSSL: the tests with a local time-stamp authority will be SKIPPED." >&2; \
	echo "Install it (Debian: apt-get install openssl)." >&2; \
	echo "================================================================" >&2

demo: setup
	@sh examples/demo.sh

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	GONGDAO_DATA=$(VENV)/lint-data $(BIN)/mypy
	$(BIN)/lint-imports

# Tests start several hundred processes: none of them should compile our modules anew, and each of the
# workers would rewrite every assertion of every test for itself. So it is written down once, also
# where the environment forbids Python to.
compile: setup-dev
	@$(BIN)/python -m compileall -q src tests
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --collect-only -q -p no:cacheprovider >$(VENV)/collected \
	  || { tail -n 40 $(VENV)/collected; exit 1; }

# One after the other: two of them at once would wait for each other's lock on Debian's packages.
programs: | $(BIN)/python
	@for one in setup-openssl setup-browser setup-go setup-anvil setup-nginx; do \
	  $(MAKE) --no-print-directory $$one || exit 1; done

WORKERS := -n 3 --dist loadfile --no-loadscope-reorder

# The order of tests is drawn once and for all, so that a change is judged by nothing but itself.
# Programs are fetched while Python packages are, and types are checked while modules are compiled.
test: | $(BIN)/python
	@$(MAKE) --no-print-directory -j3 lint compile programs
	$(BIN)/python -m pytest $(WORKERS) --randomly-seed=1

# The same tests in another order and with other examples each time: what leans on its neighbour shows.
shuffle: | $(BIN)/python
	@$(MAKE) --no-print-directory -j3 compile programs
	GONGDAO_FRESH_EXAMPLES=1 $(BIN)/python -m pytest $(WORKERS)

soak: setup-dev
	GONGDAO_FRESH_EXAMPLES=1 GONGDAO_FUZZ_FILES=10000 $(BIN)/python -m pytest tests/fuzz -q
	GONGDAO_CRASH_ORDERS=2000 $(BIN)/python -m pytest tests/market/test_crash.py -q
	GONGDAO_FRESH_EXAMPLES=1 GONGDAO_DISPUTE_HISTORIES=10000 $(BIN)/python -m pytest tests/disputes/test_machine.py -q
	GONGDAO_FRESH_EXAMPLES=1 $(BIN)/python -m pytest -m soak -q

bench: setup-dev
	$(BIN)/python benchmarks/run.py
	$(BIN)/python -m benchmarks.web_pages --write
	$(BIN)/python -m benchmarks.web_load --write
	$(BIN)/python -m benchmarks.orders --write
	$(BIN)/python -m benchmarks.disputes --write
	$(BIN)/python -m benchmarks.move_in --write
	$(BIN)/python -m benchmarks.ledger --write
	$(BIN)/python -m benchmarks.vault --write
	$(BIN)/python -m benchmarks.log --write

lock:
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock pyproject.toml build-system.txt
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --extra dev -o requirements-dev.lock pyproject.toml build-system.txt

clean:
	rm -rf $(VENV) .tools build out .mypy_cache .ruff_cache .pytest_cache
