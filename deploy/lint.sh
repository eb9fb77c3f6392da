#!/usr/bin/env bash
# Checks shell scripts, container and service files, the directions of includes, known CVEs of the
# dependencies and the format. Run it as `make lint`. clang-tidy is `make tidy`, for the nightly run.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=.venv/bin/python

echo "deploy"
$PYTHON tests/deploy/lint.py shell bash32 dockerfile compose systemd launchd grafana || [ $? = 77 ]

echo "include directions"
$PYTHON deploy/lint/include_directions.py

echo "known CVEs"
$PYTHON deploy/lint/cve_check.py || [ $? = 77 ]

echo "clang-format"
git ls-files -z '*.cc' '*.h' | xargs -0 .venv/bin/clang-format --dry-run -Werror
