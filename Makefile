# Everything a person or CI runs.  A bare machine needs Python 3.11+, pip and make only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_EXAMPLES ?= 10000
FUZZ_BINARY_S ?= 600
FUZZ_TEXT_S ?= 60
FUZZ_OTHER_S ?= 120
FUZZ_LIKE ?=
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: bench bench-cohort demo test test-slow test-hostile openapi fuzz-minute screenshots bench-web bench-service bench-live crash load soak audit sbom test-bluetoothd fuzz calibrate calibrate-sample lint types layers check wheel-test sample-data pins clean help
.PHONY: guide validate pictures

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## analyse the sample study: comparison on the terminal, report.html beside it
	@$(BIN)/hrv demo --report report.html

test: check  ## everything CI asserts: lint, types, layers, tests, and again on the wheel what packaging can break
	@bash tests/setup_system.sh
	$(BIN)/python -m pytest -n 2
	$(MAKE) --no-print-directory wheel-test

test-slow: $(VENV)/.test  ## long simulations: calibration of the comparison, kills, fuzzing
	$(BIN)/python -m pytest -n 2 -m slow

fuzz: $(VENV)/.test $(VENV)-fuzz/.done  ## every parser: examples, then atheris (FUZZ_EXAMPLES, FUZZ_BINARY_S, FUZZ_TEXT_S, FUZZ_OTHER_S)
	HRV_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -n 2 tests/contracts/test_formats.py \
		-k "flipped or junk"
	PYTHONPATH=. $(VENV)-fuzz/bin/python tests/fuzz_run.py "$(FUZZ_LIKE)" --jobs 2 \
		--binary-s $(FUZZ_BINARY_S) --text-s $(FUZZ_TEXT_S) --other-s $(FUZZ_OTHER_S)

fuzz-minute: $(VENV)-fuzz/.done  ## atheris for a minute a parser, two at a time
	PYTHONPATH=. $(VENV)-fuzz/bin/python tests/fuzz_run.py --jobs 2 \
		--binary-s 60 --text-s 60 --other-s 60

calibrate: $(VENV)/.runtime  ## error rates of every method on simulated studies (says how long; goes on where it stopped)
	$(BIN)/python -m benchmarks.calibration --workers 2

calibrate-sample: $(VENV)/.runtime  ## the sample study's generator over 1000 seeds: is its true effect covered in 93-97 %?
	$(BIN)/python -m benchmarks.calibration --workers 2 --sample

test-bluetoothd: $(VENV)/.test  ## straps against the real bluetoothd in QEMU (Debian; 90 MB once)
	bash tests/bluetoothd/run.sh $(CURDIR)/$(BIN)/python

check: lint types layers  ## the static half of `make test`

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy

layers: $(VENV)/.test
	$(BIN)/lint-imports

wheel-test: $(VENV)/.test  ## build the wheel, install it elsewhere, run the tests against it there
	bash tests/run_on_wheel.sh

sample-data: $(VENV)/.runtime  ## make sample_data/ again, byte for byte
	$(BIN)/python -m ingest.sample_study sample_data

# One environment: the demo installs the run-time pins, the tests add theirs.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.guide requirements/test.txt
	@echo "adding the test tools to $(VENV) (once) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.guide: $(VENV)/.runtime requirements/docs.txt
	@echo "adding what builds the guide to $(VENV) (once) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements/docs.txt
	@touch $@

# atheris instruments what it imports: an environment of its own.
$(VENV)-fuzz/.done: requirements/fuzz.txt
	@test -x $(VENV)-fuzz/bin/python || $(PYTHON) -m venv $(VENV)-fuzz
	@echo "setting up $(VENV)-fuzz (once) ..."
	@$(VENV)-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/fuzz.txt
	@touch $@

# The peers stand in an environment of their own: they are old, and pin what we do not.
bench: .venv-bench/.made  ## measure ours and every peer in turn; rewrites docs/benchmarks.md
	PYTHONPATH=. .venv-bench/bin/python -m benchmarks.run

.venv-bench/.made: requirements/bench.txt
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@echo "setting up .venv-bench (once) ..."
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/bench.txt
	@touch $@

test-hostile: $(VENV)/.test  ## 500 hostile requests an operation of the service
	HRV_TEST_EXAMPLES=500 $(BIN)/python -m pytest -n 2 tests/api/service/test_hostile.py

guide: $(VENV)/.guide  ## build the guide, offline; `hrv serve` shows it at /docs/guide, a wheel carries it
	$(BIN)/sphinx-build -q -W --keep-going -b html -d build/guide/seen docs build/guide/html
	@rm -rf api/guide && cp -r build/guide/html api/guide
	@echo "api/guide/index.html"

validate: $(VENV)/.test  ## the proof on one page, from live runs: docs/validation.md (KUBIOS=DIR of its printed values)
	$(BIN)/python -m benchmarks.validate $(if $(KUBIOS),--kubios $(KUBIOS))

pictures: $(VENV)/.test  ## draw the guide's own pictures again (web pages: make screenshots)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/draw.py

openapi: $(VENV)/.test  ## write docs/openapi.json again, after a change that was meant
	$(BIN)/python -m api.openapi docs/openapi.json

bench-cohort: $(VENV)/.test  ## a cohort of 1,000 simulated days: rates, two workers, peers; see docs/scale.md
	$(BIN)/python -m benchmarks.cohort --recordings $(or $(RECORDINGS),1000)

screenshots: $(VENV)/.test  ## take the pictures in docs/screenshots again (needs Chromium)
	PYTHONPATH=tests $(BIN)/python tests/screenshots.py $(PAGES)

bench-web: $(VENV)/.test  ## how fast 100,000 beats are drawn in Chromium: the table in docs/web.md
	$(BIN)/python -m benchmarks.web

bench-service: $(VENV)/.test  ## what the service costs: the table in docs/service.md
	$(BIN)/python -m benchmarks.service

crash: $(VENV)/.test  ## power cuts, failing calls and kills at the counts of docs/reliability.md
	PYTHONPATH=. $(BIN)/python tests/fault_run.py $(FAULTS)

load: $(VENV)/.test  ## 500 straps and 16 readers for ten minutes on one process; counts what was lost
	$(BIN)/python -m benchmarks.load

soak: $(VENV)/.test  ## the same for an hour
	$(BIN)/python -m benchmarks.load --minutes 60

bench-live: $(VENV)/.test  ## from a strap's notification to the screen in Chromium: p95 in docs/live.md
	PYTHONPATH=tests $(BIN)/python -m benchmarks.live_page

bench-latency: $(VENV)/.test  ## small reads while 50 straps stream in (needs wrk): docs/deploy.md
	$(BIN)/python -m benchmarks.latency

audit: $(VENV)-audit/.done  ## known advisories against every pin; says so if it cannot reach them
	bash requirements/audit.sh $(VENV)-audit/bin

sbom: $(VENV)/.runtime $(VENV)-audit/.done  ## sbom.json: what the program is made of (CycloneDX)
	$(VENV)-audit/bin/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --of JSON -o sbom.json

$(VENV)-audit/.done: requirements/audit.txt
	@test -x $(VENV)-audit/bin/python || $(PYTHON) -m venv $(VENV)-audit
	@$(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/audit.txt
	@touch $@

pins:  ## resolve the pins again (needs uv on the PATH)
	bash requirements/compile.sh

clean:  ## remove what the targets made
	rm -rf $(VENV) $(VENV)-fuzz $(VENV)-audit sbom.json build dist api/guide report.html .pytest_cache .mypy_cache .ruff_cache .hypothesis
