# Two commands matter: `make demo` and `make test`. Everything installs into .tools and .venv here.
PY ?= python3
UV := .tools/bin/uv
RUN := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never

.PHONY: setup demo test check bench format lock clean

setup: .venv/.ok

.venv/.ok: pyproject.toml uv.lock
	@test -x $(UV) || ($(PY) -m venv .tools && .tools/bin/pip install -q "uv>=0.13,<0.14")
	@$(UV) sync -q --frozen --all-extras --python $(PY)
	@touch $@

demo: setup
	$(RUN) -m bot demo

# Compiled once and kept, also where the environment forbids it: forty processes are started.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup
	@$(RUN) -m tests.browser_setup
	$(RUN) -m pytest -n 4 --dist worksteal --durations 15

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) -m bot migrate --check

bench: setup
	$(RUN) -m tests.benchmarks

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock:
	$(UV) lock --python $(PY)

clean:
	rm -rf .venv .tools .mypy_cache .ruff_cache
