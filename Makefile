# make demo     the main job: two shipped studies, from an empty machine to an HTML report
# make test     everything CI checks; the last line printed is pytest's summary
# make bench    how fast gradlab trains, beside PyTorch and JAX: benchmarks/results.json and docs/performance.md
# make mutants  puts faults in, one at a time, and says which of them no near test notices; not part of make test
# make format   put the code into the house format
# make clean    remove the environment, builds and caches (never results: ./gradlab-store stays)

PYTHON ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --progress-bar off --disable-pip-version-check -c constraints.txt
RUN_STAMP := .venv/.installed
DEV_STAMP := .venv/.installed-dev
BENCH_STAMP := .venv/.installed-bench

.DELETE_ON_ERROR:
.PHONY: demo test bench mutants format clean

demo: $(RUN_STAMP)
	$(BIN)/gradlab study run dying-relu
	$(BIN)/gradlab study run leaky-collapse --set replicas=500

test: $(DEV_STAMP)
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n $(WORKERS)

bench: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks

mutants: $(DEV_STAMP)
	$(BIN)/python tools/mutants.py

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format

clean:
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is what venv writes last, so that an interrupted creation is started anew.
$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "no python3.11 or python3 found; run: make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else 1)' 2>/dev/null || \
		{ echo "gradlab needs Python 3.11 or newer, got $$("$(PYTHON)" -V 2>&1); run: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	"$(PYTHON)" -m venv --clear .venv

# The stamps make the second call instant; they fall out of date when the dependencies change.
$(RUN_STAMP): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing gradlab and its dependencies into .venv (torch is large: this can take minutes, once)"
	$(PIP) -e .
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing gradlab and its development tools into .venv (torch is large: this can take minutes, once)"
	$(PIP) -e '.[dev]'
	@touch $(RUN_STAMP) $@

$(BENCH_STAMP): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing gradlab and what it is measured against into .venv (torch and jax are large: this can take minutes, once)"
	$(PIP) -e '.[bench]'
	@touch $(RUN_STAMP) $@
