"""Runs the shell commands of README.md and docs/getting_started.md as they stand, against a real daemon.

    python tests/integration/docs_test.py --assayd build/release/bin/assayd --assay build/release/bin/assay

Each block ```sh of a document is one script, run by bash with -e in the repository's root; the scripts of a document share one shell,
so that a variable of an earlier block is known in a later one. A block below a line "<!-- not run by docs_test: reason -->" is left
out. Files that commands write land in the root and are removed again. Exit status 77: the default model is not there.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from mlflow_server import free_port  # noqa: E402
from patience import patience  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
DOCUMENTS = ["README.md", "docs/getting_started.md"]
WRITTEN = ["study.html", "first.html", "reply.json"]
NOT_RUN = re.compile(r"<!-- not run by docs_test: .+ -->")
START_SECONDS = patience(300)
DOCUMENT_SECONDS = patience(900)


def blocks(text):
    """(line number, script) of the blocks that are to be run."""
    lines = text.splitlines()
    inside, begin, left_out = False, 0, False
    for number, line in enumerate(lines, 1):
        if not inside and line.strip() == "```sh":
            inside, begin = True, number
            left_out = number >= 2 and NOT_RUN.search(lines[number - 2]) is not None
        elif inside and line.strip() == "```":
            inside = False
            if not left_out:
                yield begin + 1, "\n".join(lines[begin:number - 1])


class Daemon:
    """assayd with the demo's catalog and a state folder of its own."""

    def __init__(self, assayd, folder):
        self.address = f"127.0.0.1:{free_port()}"
        config = (ROOT / "deploy/demo/assayd.yaml").read_text()
        config = re.sub(r"(?m)^state_dir: .*$", f"state_dir: {folder}/state", config)
        config = re.sub(r"(?m)^catalog: .*$", f"catalog: {ROOT}/deploy/demo/models.yaml", config)
        path = pathlib.Path(folder) / "assayd.yaml"
        path.write_text(re.sub(r"(?m)^tracing:\n  endpoint: mlflow\n", "", config))
        self.log = open(pathlib.Path(folder) / "assayd.log", "w+")
        self.process = subprocess.Popen(
            [assayd, "--config", path, "--listen", self.address, "--metrics-listen", f"127.0.0.1:{free_port()}",
             "--mlflow-uri", ""], stdout=self.log, stderr=self.log)

    def wait_until_it_serves(self, assay):
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run([assay, "--address", self.address, "health"], capture_output=True).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                sys.exit(f"assayd did not start:\n{self.log.read()}")
            time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=patience(300))


def run_document(name, environment):
    """Runs the document's blocks in one shell; returns what went wrong, or an empty string."""
    found = list(blocks((ROOT / name).read_text()))
    if not found:
        return f"{name}: has no block to run"
    script = "set -euo pipefail\n"
    for line, block in found:
        script += f"echo '>>> {name}:{line}' >&2\n{block}\n"
    result = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True,
                            timeout=DOCUMENT_SECONDS)
    print(result.stderr, result.stdout, sep="\n")
    if result.returncode == 0:
        print(f"{name}: {len(found)} blocks ran")
        return ""
    last = re.findall(r">>> (\S+)", result.stderr)[-1]
    return f"the block at {last} ends with exit code {result.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", type=pathlib.Path, required=True)
    parser.add_argument("--assay", type=pathlib.Path, required=True)
    args = parser.parse_args()
    if not MODEL.exists():
        print(f"skipped: {MODEL} is not there (make setup)")
        sys.exit(77)
    kept = {name for name in WRITTEN if (ROOT / name).exists()}
    folder = tempfile.mkdtemp(prefix="docs_test_")
    daemon = Daemon(args.assayd.resolve(), folder)
    try:
        daemon.wait_until_it_serves(args.assay.resolve())
        environment = {**os.environ, "ASSAY_ADDRESS": daemon.address,
                       "PATH": f"{args.assay.resolve().parent}:{os.environ['PATH']}"}
        faults = [fault for name in DOCUMENTS if (fault := run_document(name, environment))]
    finally:
        daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)
        for name in set(WRITTEN) - kept:
            (ROOT / name).unlink(missing_ok=True)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
