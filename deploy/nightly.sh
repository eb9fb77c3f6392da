#!/usr/bin/env bash
# Runs the checks that are too long for CI. `nightly.sh` runs all parts, `nightly.sh PART...` some. The
# log of a part is var/log/nightly-PART.log; the last lines are a table of the verdicts.
#
#   errors  error rates of the statistics by simulation
#   asan    all tests with AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan    all C++ tests with ThreadSanitizer
#   fuzz    libFuzzer, FUZZ_SECONDS (600) per target
#   soak    a soak test of SOAK_MINUTES (60), which must be decided
#   tidy    clang-tidy over every source
set -euo pipefail
cd "$(dirname "$0")/.."
ALL="errors asan tsan fuzz soak tidy"
BIN=build/release/bin
MODEL=var/models/smollm2-135m-instruct-q4_1.gguf
JOBS=${JOBS:-$(nproc)}
# These tests measure times, start many daemons or look at files: a sanitizer finds nothing in them.
NOT_SANITIZED='lint|^(reliability|attacks|docs|install|image|unit|memory_count|composition|deploy_sbom|serving|faults|slope|engine_bench)_test$'

setup() {
  SETUP_TESTS=1 deploy/setup.sh
}

build() {
  cmake --preset "$1"
  cmake --build --preset "$1" -j "$JOBS" --target "${2:-all}"
}

part_errors() {
  build release evaluator_test
  $BIN/evaluator_test --gtest_also_run_disabled_tests --gtest_filter='ErrorRatesTest.*'
}

part_asan() {
  build asan
  ctest --preset asan -j "$JOBS" -E "$NOT_SANITIZED"
}

# The Python tests with ThreadSanitizer would take hours.
part_tsan() {
  deploy/sanitizers/abseil.sh
  build tsan
  ctest --preset tsan -j "$JOBS" -E "$NOT_SANITIZED" -LE integration
}

part_fuzz() {
  SETUP_FUZZ=1 deploy/setup.sh
  build fuzz fuzz_targets
  .venv/bin/python deploy/sanitizers/fuzz.py --seconds "${FUZZ_SECONDS:-600}"
}

part_soak() {
  build release assayd
  build release assay
  build release assay-grpc-bench
  .venv/bin/python bench/reliability.py --bin $BIN --model $MODEL --out var/nightly \
    --fault soak --minutes "${SOAK_MINUTES:-60}" --decide
}

part_tidy() {
  SETUP_LINT=1 deploy/setup.sh
  build release
  .venv/bin/python deploy/lint/clang_tidy.py
}

run_part() {
  case $1 in
    errors) part_errors ;;
    asan) part_asan ;;
    tsan) part_tsan ;;
    fuzz) part_fuzz ;;
    soak) part_soak ;;
    tidy) part_tidy ;;
  esac
}

if [ "${1:-}" = --run ]; then
  run_part "$2"
  exit 0
fi
parts=${*:-$ALL}
for part in $parts; do
  case " $ALL " in
    *" $part "*) ;;
    *)
      echo "nightly.sh: unknown part $part; the parts are $ALL" >&2
      exit 2
      ;;
  esac
done
mkdir -p var/log
setup
verdicts=""
failed=0
for part in $parts; do
  echo "== $part ($(date +%H:%M))"
  start=$(date +%s)
  # A child of its own, because set -e has no effect in a condition.
  if deploy/nightly.sh --run "$part" >"var/log/nightly-$part.log" 2>&1; then verdict=passed; else verdict=FAILED; fi
  tail -n 20 "var/log/nightly-$part.log"
  [ "$verdict" = passed ] || failed=1
  verdicts="$verdicts$(printf '%-7s %-7s %5d min' "$part" "$verdict" $((($(date +%s) - start) / 60)))
"
done
printf '\n%s' "$verdicts"
exit $failed
