.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help setup demo test lint format bench docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | while IFS='|' read -r a b; do printf '  make %-8s %s\n' "$$a" "$$b"; done

setup: ## make .venv and fetch everything needed (quick when nothing changed)
	@scripts/setup

demo: setup ## everything on a made-up market: charts, alerts, paper orders, dashboard; CHECK=1 tries it and ends
	@.venv/bin/pinery demo $(if $(CHECK),--check)

lint: setup ## style, types, layers; the dashboard's too
	@scripts/lint

# More workers than cores, for many tests wait for processes; files in memory, for a shared disk stalls. Bytecode is
# kept whatever the environment says: tests start hundreds of processes, which would all compile everything again.
test: setup ## lint and all tests; says at the end what was skipped and why
	@scripts/browser
	@scripts/postgres
	@status=0; \
	scripts/lint || status=1; \
	[ -d ../shared ] || echo "note: ../shared is not here, so tests that compare with recorded values are skipped"; \
	temp=$$(mktemp -d -p /dev/shm pinery-tests.XXXXXX 2>/dev/null || mktemp -d); \
	TMPDIR=$$temp env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n 3 --dist worksteal || status=1; \
	rm -rf "$$temp"; \
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
