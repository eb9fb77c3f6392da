#!/usr/bin/env bash
# Shell scripts, the container's and the services' files; clang-format over every tracked C++ file, clang-tidy over the sources.
# Needs a built release preset (generated headers). Files that passed before, unchanged with all they include, are not run again.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "deploy"
.venv/bin/python tests/deploy/lint.py shell dockerfile compose systemd launchd grafana || [ $? = 77 ]

echo "clang-format"
git ls-files -z '*.cc' '*.h' | xargs -0 .venv/bin/clang-format --dry-run -Werror

echo "clang-tidy"
exec .venv/bin/python - <<'PY'
import concurrent.futures, hashlib, json, os, pathlib, shlex, subprocess, sys

JOBS = 2
FOLDERS = ["http", "engine", "registry", "evaluator", "server", "client"]
ROOT = pathlib.Path.cwd()
TIDY = ROOT / ".venv/bin/clang-tidy"
DATABASE = ROOT / "build/release/compile_commands.json"
FILTERED = ROOT / "build/release/tidy"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "assay/tidy"


def filtered(command):
    """The compiler's words, without ccache and without gcc's precompiled header."""
    words = shlex.split(command)
    if os.path.basename(words[0]) == "ccache":
        words = words[1:]
    kept, i = [], 0
    while i < len(words):
        if words[i] == "-include" and "cmake_pch" in words[i + 1]:
            i += 2
            continue
        # gcc's own warnings: clang does not know them.
        if words[i] not in ("-Winvalid-pch", "-Wno-restrict"):
            kept.append(words[i])
        i += 1
    return kept


def preprocess(entry):
    words, i = [], 0
    while i < len(entry["arguments"]):
        word = entry["arguments"][i]
        if word in ("-o", "-MF", "-MT"):
            i += 2
            continue
        if word not in ("-c", "-MD"):
            words.append(word)
        i += 1
    return subprocess.run(words + ["-E", "-C"], cwd=entry["directory"], check=True,
                          capture_output=True).stdout


def check(entry):
    key = hashlib.sha256(VERSION + CONFIG + "\0".join(entry["arguments"]).encode())
    key.update(preprocess(entry))
    passed = CACHE / key.hexdigest()
    if passed.exists():
        return ""
    result = subprocess.run([TIDY, "--quiet", "-p", FILTERED, entry["file"]],
                            capture_output=True, text=True)
    if result.returncode != 0:
        return result.stdout + result.stderr
    passed.touch()
    return ""


if not DATABASE.exists():
    sys.exit("lint: no build/release/compile_commands.json: run make build")
VERSION = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
CONFIG = (ROOT / ".clang-tidy").read_bytes()
tracked = subprocess.run(["git", "ls-files", *[f"{folder}/**.cc" for folder in FOLDERS]], check=True,
                         capture_output=True, text=True).stdout.split()
wanted = {str(ROOT / name) for name in tracked}
entries = {}
for entry in json.loads(DATABASE.read_text()):
    file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
    if file in wanted:
        entries[file] = {"directory": entry["directory"], "file": file,
                         "arguments": filtered(entry["command"])}
if not entries:
    sys.exit("lint: none of the tracked sources is in compile_commands.json")
for file in sorted(wanted - entries.keys()):
    print(f"not built here, not checked: {os.path.relpath(file)}")
FILTERED.mkdir(parents=True, exist_ok=True)
(FILTERED / "compile_commands.json").write_text(json.dumps(list(entries.values())))
CACHE.mkdir(parents=True, exist_ok=True)

failed = 0
with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
    runs = {pool.submit(check, entries[file]): file for file in sorted(entries)}
    for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
        print(f"[{number}/{len(runs)}] {os.path.relpath(runs[run])}", flush=True)
        try:
            found = run.result()
        except subprocess.CalledProcessError as error:
            found = error.stderr.decode(errors="replace")
        if found:
            failed += 1
            print(found)
if failed:
    sys.exit(f"lint: clang-tidy objects to {failed} of {len(runs)} files")
print(f"lint: {len(runs)} files clean")
PY
