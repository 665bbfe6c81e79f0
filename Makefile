# SPDX-License-Identifier: Apache-2.0
# Short names for what the presets in CMakePresets.json do. `make help` lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PROMPT ?= What is a sparrow?

# Both are conveniences: CMake's default generator and no cache do as well.
ifneq ($(shell command -v ninja),)
export CMAKE_GENERATOR ?= Ninja
endif
ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
endif
export CTEST_PARALLEL_LEVEL ?= $(JOBS)

.PHONY: help run build test bench lint format fuzz soak load package test-package test-peers test-aarch64 arm-instructions clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):[^#]*## /\1\t/' | awk -F'\t' '{ printf "%-17s %s\n", $$1, $$2 }'

run: build  ## build, then answer PROMPT="What is a sparrow?" with the model in models/
	build/sterna run -p "$(PROMPT)" --temp 0

build:  ## install missing build packages; the executable at build/sterna
	@tools/bootstrap.sh build
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)

test:  ## install what tests need, build, run every test that this machine can run
	@tools/bootstrap.sh build test
	cmake --preset test
	cmake --build --preset test --parallel $(JOBS)
	@tools/fetch_test_vocabulary.sh build-data/llama3-vocab.gguf
	@tools/fetch_test_model.sh build-data/gemma3-270m.gguf
	STERNA_LLAMA3_VOCAB=$(CURDIR)/build-data/llama3-vocab.gguf STERNA_GEMMA3_270M=$(CURDIR)/build-data/gemma3-270m.gguf \
	  ctest --preset test

bench:  ## run the benchmark suites, or ONLY=name; one table, JSON in build-bench/results
	@tools/bootstrap.sh build bench
	cmake --preset bench
	cmake --build --preset bench --parallel $(JOBS)
	@bench/run_suites build-bench/bench build-bench/results $(ONLY)

lint:  ## format, layers, sizes, hygiene, documents, clang-tidy (LINT_SECONDS=600 for the last)
	@tools/bootstrap.sh build test lint
	tools/lint.sh

format:  ## clang-format every source file in place
	@tools/bootstrap.sh lint
	git ls-files '*.cc' '*.h' | xargs clang-format -i

fuzz:  ## run every fuzzer for SECONDS=60 or HOURS=
	@tools/bootstrap.sh build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	tools/run_fuzzers.sh build-fuzz/fuzzers $(if $(HOURS),$$(( $(HOURS) * 3600 )),$(or $(SECONDS),60))

soak:  ## many threads ask for MINUTES=10: every answer exact, memory flat
	@tools/bootstrap.sh build test
	cmake --preset test
	cmake --build --preset test --parallel $(JOBS) --target engine_soak
	build-test/tests/soak/engine_soak --model models/sterna-dictionary-i2_s.gguf --seconds $$(( $(or $(MINUTES),10) * 60 ))

load: build  ## 256 clients ask sterna serve for MINUTES=10: every answer its own, memory flat
	STERNA_EXE=build/sterna STERNA_LOAD_SECONDS=$$(( $(or $(MINUTES),10) * 60 )) python3 -B -m unittest discover -s tests/e2e -p test_serve_load.py

package:  ## install what packaging needs, build, an archive and a .deb in build-package/packages
	@tools/bootstrap.sh build package
	cmake --preset package
	cmake --build --preset package --parallel $(JOBS)
	cpack --config build-package/CPackConfig.cmake -B build-package/packages

test-package: package  ## by hand, as root: lintian, then both packages in a fresh Debian (downloads it)
	@tools/bootstrap.sh test-package
	tools/check_package.sh build-package/packages

test-peers:  ## by hand: goldens made anew by Hugging Face, tiny models beside llama.cpp (downloads gigabytes)
	@tools/bootstrap.sh peers
	tools/test_peers.sh

test-aarch64:  ## cross build for 64-bit ARM, tests under qemu-user
	@tools/bootstrap.sh build test cross
	cmake --preset aarch64
	cmake --build --preset aarch64 --parallel $(JOBS)
	ctest --preset aarch64
	python3 -B tools/checks/check_symbols.py build-aarch64
	tools/test_arm_cpus.sh build-aarch64 unit/backend/backend_test golden/determinism_test golden/oracle_test

arm-instructions:  ## instructions of ternary products on 64-bit ARM, counted under qemu-user
	@tools/bootstrap.sh build test cross
	cmake --preset aarch64
	cmake --build --preset aarch64 --parallel $(JOBS) --target ternary_calls
	python3 -B tools/arm_instructions/count.py build-aarch64

clean:  ## remove every build folder
	rm -rf build build-*
