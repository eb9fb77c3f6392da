#!/usr/bin/env bash
# Runs the standard study: creates the negative controls, starts its own daemon, runs
# deploy/plans/standard.yaml, writes var/study/report.html and checks that the negative controls
# rank last with significance.
#
# Usage: study.sh BIN_FOLDER MODEL.gguf
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$1 model=$2
export ASSAY_ADDRESS=127.0.0.1:50061

if [ ! -f var/study/random_2.gguf ]; then
  echo "creating the negative controls"
  .venv/bin/uv run --quiet --no-project --python .venv/bin/python --with gguf --with numpy \
    deploy/plans/standard/make_controls.py "$model" var/study
fi
"$bin/assayd" --config deploy/plans/standard/assayd.yaml >var/study/assayd.log 2>&1 &
daemon=$!
# The daemon always stops with this script. An interrupted evaluation resumes at the next `make
# study`.
trap 'kill $daemon 2>/dev/null; wait $daemon || true' EXIT
for _ in $(seq 100); do
  "$bin/assay" models >/dev/null 2>&1 && break
  kill -0 $daemon 2>/dev/null || { cat var/study/assayd.log >&2; exit 1; }
  sleep 0.2
done
"$bin/assay" evaluate --plan deploy/plans/standard.yaml --report var/study/report.html
id=$("$bin/assay" --json evaluations list --limit 1 | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["evaluations"][0]["id"])')
"$bin/assay" evaluations report "$id" --output var/study/results.json
.venv/bin/python deploy/plans/standard/check_controls.py var/study/results.json
