# Every target sets up what it needs in .venv; `make run` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: run test lint js bundle bench docs train evaluate clips clean

# What `make docs` documents: what is called from Python, and what reads and writes files.
API = phenaki_viz phenaki_viz.recording phenaki_viz.recording.files phenaki_viz.recording.headers \
  phenaki_viz.recording.switches phenaki_viz.runs phenaki_viz.analysis phenaki_viz.atlas \
  phenaki_viz.figures phenaki_viz.figures.one phenaki_viz.figures.picked phenaki_viz.export \
  phenaki_viz.checkpoints phenaki_viz.models phenaki_viz.data phenaki_viz.errors

run: $(VENV)/.run
	$(BIN)/streamlit run app.py

# In the order of the folders: by their number of tests, files of one long journey would come last.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev js
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Types, lint, tests and the bundle of phenaki_viz/browser; only where Node is.
js:
ifneq ($(shell command -v npm),)
	@$(MAKE) --no-print-directory node_modules/.installed
	npm run --silent check
else ifneq ($(PHENAKI_VIZ_NEEDS_NODE),)
	$(error Node and npm have to be here)
else
	@echo "phenaki_viz/browser is not checked: there is no npm here"
endif

bundle: node_modules/.installed
	npm run --silent bundle

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.position_bias
	$(BIN)/python -m benchmarks.forward
	$(BIN)/python -m benchmarks.trained
	$(BIN)/python -m benchmarks.host_time
	$(BIN)/python -m benchmarks.length
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.maps_page
	$(BIN)/python -m benchmarks.strip_page
	$(BIN)/python -m benchmarks.calm_page
	$(BIN)/python -m benchmarks.rebuilds

docs: $(VENV)/.dev
	$(BIN)/python -m pdoc -o out/docs $(API)

train: $(VENV)/.run
	$(BIN)/python -m phenaki_viz.cli train digits assets/phenaki_digits.safetensors

evaluate: $(VENV)/.run
	$(BIN)/python -m phenaki_viz.cli evaluate

clips: $(VENV)/.dev
	PYTHONPATH=. $(BIN)/python assets/make_sample_clips.py

clean:
	rm -rf $(VENV) node_modules

node_modules/.installed: package.json package-lock.json
	npm ci --silent --no-audit --no-fund
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.txt
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements.txt requirements-dev.txt
	$(BIN)/pip install --quiet -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps phenaki-pytorch==0.5.0
	touch $@ $(VENV)/.run
