#!/usr/bin/env bash
# Checks shell scripts, container and service files, the directions of includes, the format and clang-tidy's rules.
# Needs a built release preset (generated headers). Run it as `make lint`; `make lint-deep` runs the static analyzer.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=.venv/bin/python

echo "deploy"
$PYTHON tests/deploy/lint.py shell dockerfile compose systemd launchd grafana || [ $? = 77 ]

echo "include directions"
$PYTHON deploy/lint/include_directions.py

echo "clang-format"
git ls-files -z '*.cc' '*.h' | xargs -0 .venv/bin/clang-format --dry-run -Werror

echo "clang-tidy"
exec $PYTHON deploy/lint/clang_tidy.py "$@"
