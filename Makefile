# A thin front over the CMake presets. `make help` lists the targets.
BUILD = build
PREFIX = /usr/local
PYTHON = /usr/bin/python3
PYTEST = $(PYTHON) -m pytest -q -p no:cacheprovider
FUZZ_SECONDS = 600
# Tests at a time: processors, at most 8.
JOBS = $(shell n=$$(nproc); echo $$((n < 8 ? n : 8)))
CTEST = ctest --output-on-failure --no-tests=error -j $(JOBS)
# Cases that show what others show at more places wait for `make test-long`.
BUT_LONG = -LE '^long$$'
export BERG_BUILD = $(abspath $(BUILD))
# Data that the tests make once and read from then on, a gigabyte; the builds with sanitizers read the same.
export BERG_TEST_DATA = $(abspath $(BUILD))/test-data

# Debian packages, by who needs them: the program, the library and the Python package; the demos; the tests.
# What is loaded when it is needed: LAPACK by training, cairo by figures as PNG and PDF.
LOADED = liblapacke libopenblas0 libcairo2
BUILD_DEPS = gcc cmake ninja-build make pkg-config \
             libjpeg-dev libspng-dev libcjson-dev libnifti-dev zlib1g-dev libcsv-dev python3-dev \
             $(LOADED)
DEMO_DEPS = python3-numpy python3-pil fonts-dejavu-core
TEST_DEPS = liblapacke-dev libopenblas-dev libcairo2-dev clang libclang-rt-dev libcmocka-dev python3-pytest python3-yaml python3-h5py python3-joblib python3-nibabel python3-scipy python3-venv locales openssl
DEPS = $(BUILD_DEPS) $(DEMO_DEPS) $(TEST_DEPS)
MPI_DEPS = libopenmpi-dev openmpi-bin
CLUSTER_DEPS = $(TEST_DEPS) $(MPI_DEPS) slurm-wlm munge shellcheck
ARM_DEPS = gcc-aarch64-linux-gnu qemu-user
# Of Debian's arm64, for the cross build.
ARM_LIBRARIES = libc6-dev libgcc-12-dev libjpeg-dev libspng-dev libcjson-dev libnifti-dev zlib1g-dev libcsv-dev libcairo2-dev \
                liblapacke-dev libopenblas-dev libcmocka-dev libcurl4
COMPILER_DEPS = gcc-11 gcc-12 clang-14 clang-15 clang-16 musl-tools
LINT_DEPS = clang-format clang-tidy cppcheck mandoc
DOCS_DEPS = python3-sphinx python3-myst-parser furo python3-matplotlib mandoc
PACKAGE_DEPS = build-essential debhelper dh-python

# What is left out under the sanitizers: comparisons of products with NumPy, minutes of work that the release build has been
# through (what they refuse stays in), and what loads the library by ctypes. `make test-long` has the rest of what the sanitizers can
# see; TSan looks at the C tests alone, here at those that run threads.
NEVER_UNDER_asan = ^oracle_(encode|many_components|memory|closed_loop|network|outputs|precision|resize|fit|cuda|threads)
NOT_SANITIZED_asan = $(NEVER_UNDER_asan)|^test_(cuda_session|eigen|search)|^oracle_(train|evaluate|reliability|simulate|zip64|stimuli|report|failing_memory|trials|siblings$$|siblings_oracle|similarity|control)|^python
NEVER_UNDER_tsan = ^oracle_|^test_cuda_(products|session)
NOT_SANITIZED_tsan = $(NEVER_UNDER_tsan)|^test_(eigen|search|stages|compare|resize|toy_model)|^cli_(files|usage)|^refused_|^replay_

WHEEL_DEPS = $(BUILD_DEPS) python3-venv nasm dpkg-dev debian-archive-keyring

.PHONY: all wheel sdist test-wheel tests help deps deps-build install uninstall demo demo-models check test test-long torture test-release test-asan test-tsan test-browser test-cluster deps-cluster cuda cuda-check cuda-pack mpi test-mpi bench peers fuzz lint deps-lint conformance docs test-docs deb sbom test-packages test-demo test-reproducible test-recipes test-arm deps-arm test-tiles test-compilers deps-compilers clean

# Targets share folders, and each uses all processors itself.
.NOTPARALLEL:

all: $(BUILD)/build.ninja
	cmake --build $(BUILD)

# All of it and the tests. A build folder that has them once keeps them.
tests:
	@if ! [ -f $(BUILD)/build.ninja ] || ! grep -q '^BERG_TESTS:BOOL=ON' $(BUILD)/CMakeCache.txt; then \
	  $(call configure,-DBERG_TESTS=ON,$(DEPS)); fi
	cmake --build $(BUILD)

help:
	@echo "all          build the program, the library and the Python package into $(BUILD)/; the program is $(BUILD)/berg"
	@echo "tests        build these and the tests"
	@echo "deps         install the Debian packages that any of this needs and that are missing; deps-build those of building alone"
	@echo "install      install under PREFIX ($(PREFIX)); uninstall removes it again"
	@echo "demo         simulated data, a model trained on them, its accuracy, a few images, a report"
	@echo "demo-models  small models of all five kinds, the demo's pictures through them in one pass, time courses: a minute"
	@echo "check        structure, format, unit tests, the program's usage: under a minute, after each edit"
	@echo "test         unit, oracle, command-line and Python tests, then the C tests and the program under the sanitizers"
	@echo "test-long    the cases left out of test, all that AddressSanitizer can see, training killed at random moments: a quarter of an hour"
	@echo "torture      every command with an allocation, and a call on a file, failing at each place in the program, and killed 1,000 times (COMMANDS= some): an hour or two"
	@echo "test-browser the page of berg report in Chromium, which it installs"
	@echo "test-cluster job arrays in a Slurm that it starts on loopback, joblib, Dask, submitit, Snakemake; deps-cluster installs what it starts: minutes"
	@echo "test-arm     a cross build to aarch64 and its tests under qemu; asks Debian's archive for arm64's libraries; deps-arm installs what it runs: twenty minutes"
	@echo "test-tiles   isa amx by a twin of the tile unit, on a processor with AVX-512: three minutes"
	@echo "test-compilers every gcc and clang that is installed, without AVX, for any system with POSIX, and musl; deps-compilers installs some"
	@echo "cuda         the plug-in for CUDA devices, libberg_cuda.so, beside the program; needs nvcc"
	@echo "wheel        dist/libberg-*.whl: package, program and library in one file that needs NumPy alone; sdist: the sources of it"
	@echo "test-wheel   wheel and sdist held against the rules of both, installed offline and used where there is nothing else"
	@echo "mpi          the plug-in for MPI, libberg_mpi.so, beside the program; test-mpi runs its tests under mpirun: ten minutes"
	@echo "cuda-check   that it compiles and links, and its tests on the host"
	@echo "cuda-pack    what scripts/cuda_check.sh needs on a machine with a device that has nothing else, into build-cuda/pack"
	@echo "bench        speeds of this machine and of encoding on it"
	@echo "peers        encoding beside torch, ONNX Runtime and OpenVINO, which it installs into a virtual environment: a quarter of an hour"
	@echo "fuzz         every fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS)) seconds"
	@echo "lint         structure, format, man page, scripts, static analysis: a minute or two; deps-lint installs what it runs"
	@echo "conformance  against torch, torchvision, scikit-learn and Pillow, which it installs into a virtual environment"
	@echo "docs         the documentation as a site, $(BUILD)/docs/index.html: guides, tutorials that are run, references; test-docs tests it"
	@echo "deb          the Debian packages of this system, into $(BUILD)/deb"
	@echo "sbom         what the source asks for and the build is made of, as CycloneDX, into $(BUILD)/sbom"
	@echo "test-packages      as root: Debian packages built, linted, installed, tried and purged in fresh systems (SUITES=$(SUITES)): half an hour"
	@echo "test-demo          as root: make demo in fresh systems, as root and as a user with sudo: half an hour"
	@echo "test-reproducible  two builds under different circumstances, the same bytes: ten minutes"
	@echo "test-recipes       conda's recipe and the bills of materials against what reads them, which it installs into a virtual environment"
	@echo "clean        remove what was built"

# $(call configure,OPTIONS,PACKAGES): what is missing is named where CMake does not find all that it needs, and only then: it may come
# from elsewhere than Debian's packages. Tests that cannot be built are not in the way of the rest from then on.
configure = cmake --preset release -B $(BUILD) $(1) || { \
    [ ! -f $(BUILD)/CMakeCache.txt ] || sed -i 's/^BERG_TESTS:BOOL=ON/BERG_TESTS:BOOL=OFF/' $(BUILD)/CMakeCache.txt; \
    scripts/deps.sh name make $(2); exit 1; }
$(BUILD)/build.ninja:
	@$(call configure,-DBERG_TESTS=OFF,$(BUILD_DEPS))

# Asks the package system only for what is missing, so that it needs no network when all is there.
deps:
	@scripts/deps.sh install deps $(DEPS)

# Only what building and installing need: for containers.
deps-build: DEPS = $(BUILD_DEPS)
deps-build: deps

# PREFIX may be relative and may hold spaces; DESTDIR goes before it, as packagers have it.
install: export INSTALL_PREFIX = $(PREFIX)
install: $(BUILD)/build.ninja
	cmake -B $(BUILD) "-DCMAKE_INSTALL_PREFIX:PATH=$$INSTALL_PREFIX"
	cmake --build $(BUILD)
	cmake --install $(BUILD)

# The files, and the folders of our name that they leave empty.
uninstall:
	@[ -f $(BUILD)/install_manifest.txt ] || { echo "$(BUILD)/install_manifest.txt: not installed from here"; exit 1; }
	sed "s|^|$$DESTDIR|" $(BUILD)/install_manifest.txt | xargs -d '\n' rm -f
	sed -n "s|^\(.*/berg\)/[^/]*$$|$$DESTDIR\1|p" $(BUILD)/install_manifest.txt | sort -u | \
	  while read -r folder; do [ ! -d "$$folder" ] || rmdir --ignore-fail-on-non-empty "$$folder"; done

demo demo-models: DEPS = $(BUILD_DEPS) $(DEMO_DEPS)
demo: deps
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

demo-models: deps
	@$(MAKE) --no-print-directory all
	@scripts/demo_models.sh

# What one runs after each edit: under a minute on two processors.
check: tests
	@$(PYTHON) tests/check_structure.py
	@if command -v clang-format > /dev/null; then scripts/lint.sh format; \
	else echo "check: clang-format is not installed (make deps-lint), the format is not checked"; fi
	$(CTEST) --test-dir $(BUILD) -L '^check$$'

test: deps
	@$(MAKE) --no-print-directory test-release
	@$(MAKE) --no-print-directory test-asan
	@$(MAKE) --no-print-directory test-tsan
	@echo "test: everything passed"

# The longest first, as ctest knows them from the last run in this build folder.
test-release: tests
	@echo "test: unit tests, files and computations against other programs, command line, Python"
	$(CTEST) --test-dir $(BUILD) $(BUT_LONG)

# The sanitizer would have forked children of threaded processes start no threads; the encodes run two threads through everything.
test-tsan: export TSAN_OPTIONS = die_after_fork=0
test-asan: export LSAN_OPTIONS = suppressions="$(CURDIR)/tests/leaks.txt":print_suppressions=0
test-asan test-tsan: test-%:
	@echo "test: unit tests and bad input under the preset $*"
	cmake --preset $*
	cmake --build --preset $*
	$(CTEST) --test-dir build-$* $(BUT_LONG) -E '$(NOT_SANITIZED_$*)'

test-long: deps
	@$(MAKE) --no-print-directory tests
	$(CTEST) --test-dir $(BUILD) -L '^long$$'
	@$(MAKE) --no-print-directory test-asan 'NOT_SANITIZED_asan=$(NEVER_UNDER_asan)'
	@$(MAKE) --no-print-directory test-tsan 'NOT_SANITIZED_tsan=$(NEVER_UNDER_tsan)'
	scripts/kill_train.sh 20 24 12 20000

# Two at a time; each of some 30,000 runs is a process. TORTURE=--step 7 goes by number, not by place; --help of it says what else.
torture: deps
	@$(MAKE) --no-print-directory tests
	$(PYTHON) tests/torture/torture.py --jobs 2 $(TORTURE) $(COMMANDS)
	$(PYTHON) tests/torture/kills.py --jobs 2 $(COMMANDS)

# BERG_SCREENSHOTS=DIR keeps what the page looked like.
test-browser: DEPS += chromium python3-html5lib libxml2-utils
test-browser: deps
	@$(MAKE) --no-print-directory tests
	$(PYTEST) tests/browser

# As root: Slurm's daemons run as whoever starts the tests, and munge wants its folder to be that user's alone.
test-cluster: DEPS += $(CLUSTER_DEPS)
test-cluster: deps
	@$(MAKE) --no-print-directory tests mpi
	scripts/cluster.sh $(CLUSTER)

deps-cluster: DEPS = $(CLUSTER_DEPS)
deps-cluster: deps

cuda:
	@command -v nvcc >/dev/null || { echo "cuda: nvcc is not on PATH: the CUDA toolkit (12.8 or later) builds the plug-in" >&2; exit 1; }
	cmake --preset release -B $(BUILD) -DBERG_CUDA=ON
	cmake --build $(BUILD)

# Of the MPI whose compiler is named: MPICC=mpicc.mpich.
MPICC = mpicc
mpi:
	@command -v $(MPICC) >/dev/null || { echo "mpi: $(MPICC) is not on PATH: libopenmpi-dev and openmpi-bin, or libmpich-dev and mpich, have it" >&2; exit 1; }
	cmake --preset release -B $(BUILD) -DBERG_MPI=ON -DMPI_C_COMPILER="$$(command -v $(MPICC))"
	cmake --build $(BUILD)

test-mpi: DEPS += $(MPI_DEPS)
test-mpi: deps
	@$(MAKE) --no-print-directory tests mpi
	$(PYTEST) tests/cluster/test_mpi_*.py

# In a build folder of its own: a plug-in beside the program would change what `auto` means for all other tests.
cuda-check: deps
	@if command -v nvcc >/dev/null; then \
	  cmake --preset release -B build-cuda -DBERG_CUDA=ON -DBERG_PYTHON=OFF && cmake --build build-cuda; \
	else \
	  echo "cuda-check: nvcc is not on PATH: the plug-in itself is passed over, its host build is tested"; \
	fi
	@command -v nvcc >/dev/null || $(MAKE) --no-print-directory tests
	@$(CTEST) --test-dir $$(command -v nvcc >/dev/null && echo build-cuda || echo $(BUILD)) -L cuda

cuda-pack: deps
	scripts/cuda_pack.sh

# The sources of what is linked in come from Debian, the tools from the package registry; both stay in $(BUILD)/wheel.
wheel: DEPS = $(WHEEL_DEPS)
wheel sdist test-wheel: export WHEEL_PYTHON = $(PYTHON)
wheel: deps
	packaging/wheel/build.sh wheel

sdist: DEPS = $(WHEEL_DEPS)
sdist: deps
	packaging/wheel/build.sh sdist

test-wheel: wheel sdist
	packaging/wheel/test.sh

# aarch64, cross-built, under qemu: the C tests as a processor that has all of NEON's sets, those of the products as one that has the
# first alone, and whole encodes as each. Left out: what is minutes natively, and Python.
NOT_UNDER_QEMU = ^test_(compare|cuda_session|eigen|search|stages)$$
test-arm: DEPS += $(ARM_DEPS)
test-arm: deps
	@$(MAKE) --no-print-directory tests
	scripts/arm_sysroot.sh build-arm-sysroot $(ARM_LIBRARIES)
	cmake --preset arm
	cmake --build --preset arm
	QEMU_CPU=max $(CTEST) --test-dir build-arm -L 'unit|replay' -E '$(NOT_UNDER_QEMU)'
	QEMU_CPU=cortex-a72 $(CTEST) --test-dir build-arm -R '^test_(bf16|gemm|la_kernels|precision)$$'
	$(PYTEST) tests/arm

# Isa amx by the twin of the tile unit, on any processor with AVX-512; on one with tiles its own bits too.
test-tiles: deps
	@$(MAKE) --no-print-directory tests
	cmake --preset twin
	cmake --build --preset twin
	$(PYTEST) tests/tiles

deps-arm: DEPS = $(ARM_DEPS)
deps-arm: deps

# Each compiler that is installed, builds for processors and systems with less, and musl's headers: scripts/compilers.sh.
test-compilers: deps
	scripts/compilers.sh $(COMPILERS)

deps-compilers: DEPS = $(COMPILER_DEPS)
deps-compilers: deps

bench: all
	$(BUILD)/berg bench $(BENCH)

# torch compiles the network with g++ on its first call.
peers: DEPS += g++
peers: deps
	@$(MAKE) --no-print-directory all
	scripts/peers.sh $(PEERS)

fuzz: deps
	cmake --preset fuzz
	cmake --build --preset fuzz
	scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

lint: DEPS += $(LINT_DEPS)
lint: deps
	@$(MAKE) --no-print-directory tests
	BERG_BUILD=$(BUILD) scripts/lint.sh

deps-lint: DEPS = $(LINT_DEPS)
deps-lint: deps

conformance: deps
	@$(MAKE) --no-print-directory tests
	scripts/conformance.sh

# The tutorials run over a small model of simulated data, which is made once: $(BUILD)/docs-work.
docs test-docs: DEPS = $(BUILD_DEPS) $(DEMO_DEPS) $(DOCS_DEPS)
docs: deps
	@$(MAKE) --no-print-directory all
	$(PYTHON) docs/site/build.py $(BUILD) $(BUILD)/docs

test-docs: DEPS += python3-pytest
test-docs: deps
	@$(MAKE) --no-print-directory docs
	$(PYTEST) tests/docs

deb: DEPS = $(BUILD_DEPS) $(PACKAGE_DEPS)
deb: deps
	@source=$$(packaging/source.sh $(BUILD)/deb) && cd "$$source" && dpkg-buildpackage -b -us -uc && ls ../*.deb

sbom: all
	@rm -rf $(BUILD)/sbom
	@packaging/source.sh $(BUILD)/sbom > /dev/null
	@$(PYTHON) packaging/sbom.py source $(BUILD)/sbom/*.orig.tar.gz > $(BUILD)/sbom/libberg-source.cdx.json
	@$(PYTHON) packaging/sbom.py build $(BUILD) > $(BUILD)/sbom/libberg-build.cdx.json
	@ls $(BUILD)/sbom/*.json

SUITES = bookworm trixie
test-packages test-demo: DEPS = debootstrap
test-packages: deps
	packaging/test_packages.sh $(SUITES)

test-demo: deps
	packaging/test_demo.sh $(SUITES)

test-reproducible: DEPS = $(BUILD_DEPS)
test-reproducible: deps
	packaging/test_reproducible.sh $(BUILD)/reproducible

test-recipes: sbom
	packaging/test_recipes.sh

clean:
	rm -rf $(BUILD) build-asan build-tsan build-fuzz build-coverage build-cuda build-arm build-arm-sysroot build-compilers
