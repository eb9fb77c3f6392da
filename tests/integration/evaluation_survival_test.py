"""Evaluations of a real assayd that is killed again and again, and whose disk is full.

1. An evaluation that waits in the queue while the daemon is killed five times is not charged: it
   runs as soon as the one before it ends.
2. An evaluation that ends while the disk is full has the same state for every client, and that state
   is recorded when there is room again.

Usage: evaluation_survival_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77
(skipped) if grpcio-tools or the model is missing.
"""
import argparse
import json
import pathlib
import resource
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    models = (f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: "
              f"'{need_model()}' }}, content_types: [linkedin] }}\n")
    with tempfile.TemporaryDirectory() as name:
        for check in (check_queue, check_full_disk):
            daemon = Assayd(args.assayd, name, check.__name__, models, "",
                            state_dir=f"state-{check.__name__}")
            try:
                check(daemon)
            finally:
                daemon.kill()
    print("ok")


if __name__ == "__main__":
    main()
