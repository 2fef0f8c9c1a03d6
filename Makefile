.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help setup demo test lint format bench docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | while IFS='|' read -r a b; do printf '  make %-8s %s\n' "$$a" "$$b"; done

setup: ## make .venv and fetch everything needed (quick when nothing changed)
	@scripts/setup

demo: setup ## run the example script on the bundled synthetic market, write demo/chart.html
	@.venv/bin/pinery demo --out demo

lint: setup ## style, types, layers
	@scripts/lint

test: setup ## lint and all tests; says at the end what was skipped and why
	@scripts/browser
	@scripts/postgres
	@status=0; \
	scripts/lint || status=1; \
	[ -d ../shared ] || echo "note: ../shared is not here, so tests that compare with recorded values are skipped"; \
	$(PY) -m pytest -n 2 || status=1; \
	exit $$status

format: setup ## put the code into shape
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

bench: setup ## measure and print ratios; takes minutes
	@for script in interpreter_speed memory "alerts --seconds 20"; do $(PY) -m benchmarks.$$script || exit 1; done

docs: setup ## write the generated pages again
	@$(PY) scripts/write_docs.py

clean: ## remove what setup, tests and the demo made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks build dist demo web/node_modules
	rm -f src/pinery/app/chart/static/*.js
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
