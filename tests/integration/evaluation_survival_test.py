"""Evaluations of a real assayd that is killed again and again, and whose disk is full.

1. An evaluation that waits in the queue while the daemon is killed five times is not charged: it
   runs as soon as the one before it ends.
2. An evaluation that ends while the disk is full has the same state for every client, and that state
   is recorded when there is room again.
3. A daemon that starts on a full disk, with an empty state folder or with an interrupted evaluation,
   serves inference and refuses evaluations. When there is room it continues by itself. The disk is a
   tmpfs in a mount namespace, which needs root or user namespaces; without them this part is left
   out.
4. `assay evaluations delete` deletes an evaluation, and the daemon goes on without it.

Usage: evaluation_survival_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77
(skipped) if grpcio-tools or the model is missing.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, need_model, skip, wait_for  # noqa: E402

try:
    import grpc
    import rpc_walker
except ImportError as error:
    skip(f"{error}; run `make setup`")

SERVICE = "assay.v1.EvaluationService"
KILLS = 5
# The evaluation with so many samples runs longer than each check.
MANY = 1000
FOLLOWED_SECONDS = 3


class Evaluations:
    def __init__(self, daemon):
        self.walker = rpc_walker.Walker(daemon.listen)

    def call(self, method, **fields):
        reply = self.walker.call(f"{SERVICE}/{method}",
                                 self.walker.make(f"{SERVICE}/{method}", **fields))
        assert reply.startswith("{"), (method, fields, reply)
        return json.loads(reply.rsplit("\n", 1)[0])

    def start(self, name, repeats):
        """Starts an evaluation without following it, and returns its id."""
        request = self.walker.make(
            f"{SERVICE}/Evaluate", name=name, models=["small"], ownPromptsOnly=True, anyway=True,
            scorers=["classic"], maxNewTokens=40, repeats=repeats,
            prompts=[{"id": "p", "contentType": "linkedin", "prompt": "Write a long story."}])
        self.walker.timeout = FOLLOWED_SECONDS
        seen = self.walker.call(f"{SERVICE}/Evaluate", request)
        assert '"started"' in seen, seen
        self.walker.timeout = 60
        listed = self.call("ListEvaluations")["evaluations"]
        return [one["id"] for one in listed if one["name"] == name][0]

    def get(self, identity):
        return self.call("GetEvaluation", id=identity)

    def cancel(self, identity):
        return self.call("CancelEvaluation", id=identity)

    def wait(self, identity):
        def ended():
            now = self.get(identity)
            return now if now["state"] != "EVALUATION_STATE_RUNNING" else None

        return wait_for(identity, ended)


def check_queue(daemon):
    """Kills the daemon while one evaluation runs and another one waits."""
    evaluations = Evaluations(daemon)
    running = evaluations.start("running", MANY)
    waiting = evaluations.start("waiting", MANY)
    for _ in range(KILLS):
        daemon.kill()
        daemon.start()
        time.sleep(FOLLOWED_SECONDS)
    evaluations = Evaluations(daemon)
    first, second = evaluations.get(running), evaluations.get(waiting)
    assert first["state"] == "EVALUATION_STATE_RUNNING", first
    assert first["resumes"] == KILLS, first
    assert second["state"] == "EVALUATION_STATE_RUNNING", second
    assert second.get("resumes", 0) == 0, second
    evaluations.cancel(running)
    wait_for("the first sample", lambda: evaluations.get(waiting).get("finishedSamples"))
    print(f"{KILLS} kills: {first['finishedSamples']} samples; then the waiting one runs")


def ignore_file_limit_signal(daemon):
    """Starts the daemon again so that a write beyond the limit fails, as on a full disk."""
    daemon.kill()
    daemon.command = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh", *daemon.command]
    daemon.start()


def set_file_limit(daemon, soft):
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def check_full_disk(daemon):
    ignore_file_limit_signal(daemon)
    evaluations = Evaluations(daemon)
    identity = evaluations.start("full", MANY)
    set_file_limit(daemon, 1)
    kept = evaluations.wait(identity)
    assert kept["state"] == "EVALUATION_STATE_FAILED", kept
    assert "free some space" in kept["error"], kept
    listed = [one for one in evaluations.call("ListEvaluations")["evaluations"]
              if one["id"] == identity][0]
    assert listed["state"] == kept["state"], listed
    refused = evaluations.walker.call(
        f"{SERVICE}/Evaluate", evaluations.walker.make(
            f"{SERVICE}/Evaluate", models=["small"], ownPromptsOnly=True, anyway=True,
            prompts=[{"id": "p", "contentType": "linkedin", "prompt": "Hello"}]))
    assert str(grpc.StatusCode.RESOURCE_EXHAUSTED) in refused, refused
    set_file_limit(daemon, resource.RLIM_INFINITY)
    wait_for("the record", lambda: "result_recorded" in daemon.log.read_text())
    daemon.kill()
    daemon.start()
    recorded = Evaluations(daemon).get(identity)
    assert recorded["state"] == kept["state"], recorded
    print(f"full disk: {recorded['state']} for every client, and after a restart")


class SmallDisk:
    """A tmpfs of 16 MiB that only processes in a namespace of its own see, as `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.user = [] if os.geteuid() == 0 else ["-U"]
        mount = f"mount -t tmpfs -o size=16m tmpfs {self.folder} && echo mounted && exec sleep 1000000"
        self.holder = subprocess.Popen(["unshare", "-m", *(["-Ur"] if self.user else []), "sh", "-c", mount],
                                       stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "mounted\n":
            self.holder.wait()
            raise OSError("no file system can be mounted here")
        # The same folder, as this process sees it.
        self.inside = pathlib.Path(f"/proc/{self.holder.pid}/root{self.folder}")

    def enter(self):
        """Returns the words before a command that runs it in the namespace."""
        more = ["-U", "--preserve-credentials"] if self.user else []
        return ["nsenter", "-t", str(self.holder.pid), "-m", *more]

    def fill(self):
        with open(self.inside / "fill", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def empty(self):
        (self.inside / "fill").unlink()

    def close(self):
        self.holder.kill()
        self.holder.wait()


def serves_evaluations(daemon, assay):
    done = subprocess.run([assay, "--address", daemon.listen, "health", SERVICE], timeout=60,
                          capture_output=True, text=True)
    assert done.stdout in ("serving\n", "not serving\n"), done
    return done.stdout == "serving\n"


def check_refusal(daemon, evaluations, assay, folder):
    """The disk is full: inference works, evaluations are refused."""
    walker = evaluations.walker
    generate = "assay.v1.InferenceService/Generate"
    text = walker.call(generate, walker.make(generate, model="small", prompt="Hello", maxNewTokens=3))
    assert '"text"' in text, text
    evaluate = f"{SERVICE}/Evaluate"
    refused = walker.call(evaluate, walker.make(
        evaluate, models=["small"], ownPromptsOnly=True, anyway=True,
        prompts=[{"id": "p", "contentType": "linkedin", "prompt": "Hello"}]))
    for part in (str(grpc.StatusCode.RESOURCE_EXHAUSTED), "evaluations cannot be recorded",
                 str(folder), " bytes of its disk are free"):
        assert part in refused, refused
    assert "evaluations_refused" in daemon.log.read_text()
    assert not serves_evaluations(daemon, assay)


def check_full_start(args, folder, models):
    try:
        disk = SmallDisk(folder / "disk")
    except OSError as error:
        print(f"start on a full disk: left out: {error}")
        return
    state = disk.folder / "state"
    (disk.inside / "state").mkdir()
    disk.fill()
    daemon = None
    try:
        daemon = Assayd(args.assayd, folder, "full-start", models, "", state_dir=str(state),
                        prefix=disk.enter())
        evaluations = Evaluations(daemon)
        check_refusal(daemon, evaluations, args.assay, state)
        disk.empty()
        wait_for("room", lambda: serves_evaluations(daemon, args.assay))
        identity = evaluations.start("interrupted", MANY)
        wait_for("a sample", lambda: evaluations.get(identity).get("finishedSamples"))
        # A killed daemon leaves the files of SQLite's log; an orderly stop removes them.
        for stop in (daemon.kill, daemon.stop):
            stop()
            disk.fill()
            daemon.start()
            evaluations = Evaluations(daemon)
            check_refusal(daemon, evaluations, args.assay, state)
            disk.empty()
            wait_for("room", lambda: serves_evaluations(daemon, args.assay))
            before = evaluations.get(identity)
            assert before["state"] == "EVALUATION_STATE_RUNNING", before
            wait_for("another sample", lambda: evaluations.get(identity)["finishedSamples"] >
                     before["finishedSamples"])
        print(f"start on a full disk: continues at {before['finishedSamples']} samples without a restart")
    finally:
        if daemon is not None and daemon.process.poll() is None:
            daemon.kill()
        disk.close()


def check_deletion(daemon, assay):
    evaluations = Evaluations(daemon)
    running = evaluations.start("running", MANY)
    wait_for("a sample", lambda: evaluations.get(running).get("finishedSamples"))

    def delete(*words):
        return subprocess.run([assay, "--address", daemon.listen, "evaluations", "delete", *words],
                              timeout=60, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    refused = delete(running)
    assert refused.returncode == 1 and "has not ended" in refused.stderr, refused
    evaluations.cancel(running)
    evaluations.wait(running)
    planned = delete("--state", "cancelled", "--dry-run")
    assert "would delete 1 evaluation" in planned.stdout and running in planned.stdout, planned
    done = delete(running)
    assert done.returncode == 0 and f"deleted evaluation {running}" in done.stdout, done
    assert not evaluations.call("ListEvaluations").get("evaluations"), "it is still listed"
    again = delete(running)
    assert again.returncode == 4, again
    daemon.kill()
    daemon.start()
    assert not Evaluations(daemon).call("ListEvaluations").get("evaluations")
    print(done.stdout, end="")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    args.assayd, args.assay = os.path.abspath(args.assayd), os.path.abspath(args.assay)
    models = (f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: "
              f"'{need_model()}' }}, content_types: [linkedin] }}\n")
    with tempfile.TemporaryDirectory() as name:
        check_full_start(args, pathlib.Path(name), models)
        checks = {"queue": check_queue, "full_disk": check_full_disk,
                  "deletion": lambda daemon: check_deletion(daemon, args.assay)}
        for title, check in checks.items():
            daemon = Assayd(args.assayd, name, title, models, "",
                            state_dir=f"state-{title}")
            try:
                check(daemon)
            finally:
                daemon.kill()
    print("ok")


if __name__ == "__main__":
    main()
