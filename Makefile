# The front door; each target calls one script or CMake. `make help` lists them.
SHELL := /bin/bash
PRESET ?= release
MODEL := var/models/smollm2-135m-instruct-q4_1.gguf
export PATH := $(CURDIR)/var/tools/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo demo-stop test lint format build setup verify bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## From nothing to a streamed post, an evaluation and its MLflow run
	@deploy/demo.sh start

demo-stop: ## Stop what the demo left running
	@deploy/demo.sh stop

setup: ## Install what is missing: system packages, .venv, the model
	@deploy/setup.sh

build: setup ## Configure and build (PRESET=release)
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)

test: ## Build and run every test
	@SETUP_TESTS=1 deploy/setup.sh
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)
	@ctest --preset $(PRESET) -j2

lint: build ## clang-format and clang-tidy
	@SETUP_LINT=1 deploy/setup.sh
	@deploy/lint.sh

format: ## Format every tracked C++ file in place
	@SETUP_LINT=1 deploy/setup.sh
	@git ls-files -z '*.cc' '*.h' | xargs -0 .venv/bin/clang-format -i

verify: build ## Full comparisons with transformers (slow)
	@SETUP_DEV=1 deploy/setup.sh
	@.venv-dev/bin/python tests/golden/text/compare_tokenizer.py build/$(PRESET)/bin/tokenizer_probe $(MODEL)
	@.venv-dev/bin/python tests/golden/runtime/compare_greedy.py --probe build/$(PRESET)/bin/engine_probe --model $(MODEL)

bench: build ## Speed and memory beside llama.cpp and OpenVINO GenAI; writes docs/benchmarks
	@SETUP_BENCH=1 deploy/setup.sh
	@.venv-bench/bin/python bench/compare.py --bench build/$(PRESET)/bin/assay-bench --model $(MODEL) --out docs/benchmarks

clean: ## Remove the builds; .venv and var stay
	@rm -rf build
