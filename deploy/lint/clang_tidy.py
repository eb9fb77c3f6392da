"""Runs clang-tidy over the tracked sources of the libraries; a file that passed before is not run again.

    .venv/bin/python deploy/lint/clang_tidy.py [--deep] [FOLDER...]

Needs a configured and built build/release (compile commands, generated headers) and clang-tidy in .venv. A file has passed if the
hash of its preprocessed text, its arguments and .clang-tidy is in ~/.cache/assay/tidy. --deep runs the static analyzer
(clang-analyzer-*) instead of the checks of .clang-tidy; it takes longer than all of them together and belongs to the nightly run.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

JOBS = os.cpu_count() or 2
FOLDERS = ["base", "engine", "registry", "evaluator", "server", "client"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDY = ROOT / ".venv/bin/clang-tidy"
DATABASE = ROOT / "build/release/compile_commands.json"
FILTERED = ROOT / "build/release/tidy"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "assay/tidy"
# Options of GCC that clang does not know.
GCC_ONLY = {"-Winvalid-pch", "-Wno-restrict", "-Wno-stringop-overflow",
            "-Wno-stringop-overread", "-fpch-preprocess"}


def clang_arguments(command):
    """The arguments of a compile command without GCC's precompiled header and options."""
    words = iter(shlex.split(command))
    kept = []
    for word in words:
        if word == "-include":
            header = next(words)
            if "cmake_pch" not in header:
                kept += [word, header]
        elif word not in GCC_ONLY:
            kept.append(word)
    return kept


def preprocessed(entry):
    """The text that the compiler would read, with its comments: NOLINT is one."""
    words, i = [], 0
    arguments = entry["arguments"]
    while i < len(arguments):
        if arguments[i] in ("-o", "-MF", "-MT"):
            i += 2
            continue
        if arguments[i] not in ("-c", "-MD"):
            words.append(arguments[i])
        i += 1
    return subprocess.run(words + ["-E", "-C"], cwd=entry["directory"], check=True, capture_output=True).stdout


class Checker:
    """Checks one entry of the compile commands at a time. Thread-safe."""

    def __init__(self, deep):
        self.options = ["--checks=-*,clang-analyzer-*,-clang-analyzer-optin.*"] if deep else []
        version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
        self.seed = version + (ROOT / ".clang-tidy").read_bytes() + " ".join(self.options).encode()

    def check(self, entry):
        """What clang-tidy objects to; an empty string if nothing."""
        key = hashlib.sha256(self.seed + "\0".join(entry["arguments"]).encode())
        try:
            key.update(preprocessed(entry))
        except subprocess.CalledProcessError as error:
            return error.stderr.decode(errors="replace")
        passed = CACHE / key.hexdigest()
        if passed.exists():
            return ""
        result = subprocess.run([TIDY, "--quiet", "-p", FILTERED, *self.options, entry["file"]],
                                capture_output=True, text=True)
        if result.returncode != 0:
            return result.stdout + result.stderr
        passed.touch()
        return ""


def entries(folders):
    """The compile commands of the tracked sources of folders; names those that are not built here."""
    if not DATABASE.exists():
        sys.exit("lint: no build/release/compile_commands.json: run make build")
    tracked = subprocess.run(["git", "ls-files", *[f"{folder}/**.cc" for folder in folders]], cwd=ROOT,
                             check=True, capture_output=True, text=True).stdout.split()
    wanted = {str(ROOT / name) for name in tracked}
    found = {}
    for entry in json.loads(DATABASE.read_text()):
        file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if file in wanted:
            found[file] = {"directory": entry["directory"], "file": file,
                           "arguments": clang_arguments(entry["command"])}
    if not found:
        sys.exit("lint: none of the tracked sources is in compile_commands.json")
    for file in sorted(wanted - found.keys()):
        print(f"not built here, not checked: {os.path.relpath(file, ROOT)}")
    return found


def main():
    todo = entries([argument for argument in sys.argv[1:] if argument != "--deep"] or FOLDERS)
    FILTERED.mkdir(parents=True, exist_ok=True)
    (FILTERED / "compile_commands.json").write_text(json.dumps(list(todo.values())))
    CACHE.mkdir(parents=True, exist_ok=True)
    checker = Checker(deep="--deep" in sys.argv)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        runs = {pool.submit(checker.check, entry): file for file, entry in sorted(todo.items())}
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            print(f"[{number}/{len(runs)}] {os.path.relpath(runs[run], ROOT)}", flush=True)
            if run.result():
                failed += 1
                print(run.result())
    if failed:
        sys.exit(f"lint: clang-tidy objects to {failed} of {len(runs)} files")
    print(f"lint: {len(runs)} files clean")


main()
