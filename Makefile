# One command does all the set-up it needs; the second time there is nothing to set up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo dev test lint tests bench crashes chaos docs clean constraints

demo: $(INSTALLED)
	@$(BIN)/shopsync demo

dev: $(INSTALLED)
	@$(BIN)/shopsync dev

# The checks run beside the tests, and say in one piece what they found.
test: $(INSTALLED)
	@( $(MAKE) --no-print-directory lint >$(VENV)/lint.log 2>&1; found=$$?; cat $(VENV)/lint.log; exit $$found ) & \
	$(MAKE) --no-print-directory tests; failed=$$?; wait $$! && exit $$failed

# Whole files, in the order of their names: the slow ones lie in the middle, and small ones end the run.
tests: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages of docs/ that follow from the code; tests keep them current.
docs: $(INSTALLED)
	$(BIN)/python scripts/write_docs.py

# pip installs into the environment from outside it, so that Debian's python3-venv package is not needed.
$(INSTALLED): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once)…"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib  # on all cores; pip compiles on one
	@touch $@

# New pins from the ranges in pyproject.toml; the file names versions only, no download address.
constraints: $(INSTALLED)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade -o constraints.txt

# Times the catalog against DuckDB's bare scan of the same files; about 15 minutes and 3 GB of disk.
bench: $(INSTALLED)
	$(BIN)/python -m shopsync_pipeline_tests.benchmarks.ingest_speed

# Kills a sync at 200 instants in each of four ways: as it is, while a fifth of all requests goes wrong, and both in bulk;
# about an hour and a half.
crashes: $(INSTALLED)
	SHOPSYNC_CRASHES=200 $(BIN)/python -m pytest -q shopsync_pipeline_tests/end_to_end/test_crashes.py

# Half an hour of feed changes, merchants, orders, faults and crashes; prints its report.
chaos: $(INSTALLED)
	$(BIN)/python -m shopsync_pipeline_tests.chaos --minutes 30

clean:
	rm -rf $(VENV) .shopsync build *.egg-info
