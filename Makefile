# Every target sets up what it needs, into the clone. `make help` lists them.
.POSIX:
.SUFFIXES:
.PHONY: help setup run test fast check fix soak bench screenshots check-wx

PY = .venv/bin/python
WITH_VENV = PATH="$$(pwd)/.venv/bin:$$PATH"
# Which measures `make bench` takes, and how much of the full load (1): make bench ONLY=B4,P2 SCALE=1
ONLY =
SCALE = 0.1
# More words for pytest: make test ARGS="-k booking"
ARGS =

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: ## .venv and node_modules; quick when nothing changed
	@PYTHON="$(PYTHON)" sh .ci/setup

run: setup ## the whole house on this machine (PORT=8000); Ctrl-C stops it
	@exec $(PY) -m backend run --with-parent

test: setup ## every test
	@exec sh .ci/test $(ARGS)

fast: setup ## tests without database, browser and processes: seconds
	@exec $(PY) -m pytest -q -m 'not db and not browser and not process and not slow' $(ARGS)

check: setup ## format, lint, types, imports, content, links, mini-program: everything but tests
	@$(WITH_VENV) exec python .ci/check.py

fix: setup ## format, and mend what can be mended by a machine
	@$(WITH_VENV); export PATH; ruff check --fix .; ruff format . && cd miniprogram && npm run --silent format

soak: setup ## the hard promises at full numbers, into build/soak.json
	@mkdir -p build
	@SOAK=1 CHROMIUM="$$(sh .ci/chromium)" exec $(PY) -m pytest -n 0 -m 'process or slow' \
		tests/process tests/concurrency tests/handbook tests/kernel tests/browser/test_looks.py $(ARGS)

bench: setup ## measures; ONLY=B4,P2 SCALE=1
	@exec $(PY) -m tests.bench --only "$(ONLY)" --scale "$(SCALE)"

screenshots: setup ## pictures of every page, into docs/screenshots
	@CHROMIUM="$$(sh .ci/chromium)" exec $(PY) -m tests.browser.screenshots

check-wx: setup ## Tencent's own compiler and upload check; optional, needs its package
	@cd miniprogram && PATH="$$(pwd)/../.venv/bin:$$PATH" exec npm run check-wx
