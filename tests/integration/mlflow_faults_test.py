"""Tests that MLflow has every sample exactly once and every file complete after faults.

One evaluation runs while MLflow is down. Copies of the daemon's outbox are then delivered through a
faulty proxy or to a faulty server, one fault at a time, and read back with MLflow's own client.
Prints a table: fault, samples sent, samples found, duplicates.

Usage: mlflow_faults_test.py --assayd BINARY --assay BINARY [--only FAULT] (run by ctest)
Exits with 77 (skipped) if mlflow or the model is missing.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fault_proxy import Fault, FaultProxy, KINDS  # noqa: E402
from mlflow_server import WAIT_SECONDS, Assayd, MlflowServer, need_mlflow, need_model, wait_for  # noqa: E402
from patience import patience  # noqa: E402

# Every successful sample of every model has one value of this metric.
SAMPLE_SERIES = "sample/inference_latency_ms"
WRITES = [kind for kind in KINDS
          if kind not in ("experiments/get-by-name", "runs/search", "runs/delete", "runs/set-tag",
                          "logged-models/search")] + ["logged-models/patch", "artifact"]


def read_outbox(state):
    with sqlite3.connect(state / "evaluations.sqlite") as database:
        return [json.loads(payload)
                for (payload,) in database.execute("SELECT payload FROM outbox ORDER BY id")]


def outbox_depth(state):
    with sqlite3.connect(f"file:{state / 'evaluations.sqlite'}?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM outbox").fetchone()[0]


def make_due(state):
    with sqlite3.connect(state / "evaluations.sqlite") as database:
        database.execute("UPDATE outbox SET retry_at = 0, attempts = 0")


class Trial:
    """Delivers one copy of the outbox to its own experiment."""

    def __init__(self, bench, name):
        self.bench = bench
        self.name = name
        self.experiment = "faults " + name
        self.state = bench.folder / f"state-{name.replace(' ', '-')}"
        shutil.copytree(bench.state, self.state)
        make_due(self.state)
        self.daemon = None

    def deliver(self, uri, timeout_seconds=20):
        settings = f"mlflow: {{ tracking_uri: '{uri}', experiment: '{self.experiment}' }}\n"
        self.daemon = Assayd(self.bench.assayd, self.bench.folder, self.state.name,
                             self.bench.models, settings, self.state.name,
                             {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0.2",
                              "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout_seconds)})
        self.bench.daemons.append(self.daemon)

    def finish(self):
        wait_for(f"the end of '{self.name}'", lambda: outbox_depth(self.state) == 0)
        self.daemon.stop()


class Bench:
    def __init__(self, folder, args):
        self.folder = folder
        self.assayd, self.assay = args.assayd, args.assay
        self.models = (f"default_model: one\nmodels:\n"
                       + "".join(f"  - {{ id: {name}, source: {{ file: '{need_model()}' }}, "
                                 f"context_length: 512 }}\n" for name in ("one", "two")))
        self.state = folder / "state"
        self.reference = {}
        self.daemons = []

    def measure(self):
        """Runs an evaluation while MLflow is not reachable."""
        daemon = Assayd(self.assayd, self.folder, "measure", self.models,
                        "mlflow: { tracking_uri: 'http://127.0.0.1:9', experiment: none }\n")
        self.daemons.append(daemon)
        out = subprocess.run([self.assay, "--address", daemon.listen, "--json", "evaluate",
                              "--model", "one", "--model", "two", "--repeats", "2",
                              "--max-new-tokens", "8"], check=True, capture_output=True, text=True,
                             timeout=patience(200)).stdout
        summary = [json.loads(line)["summary"] for line in out.splitlines()
                   if "summary" in json.loads(line)][0]
        assert summary["state"] == "EVALUATION_STATE_SUCCEEDED", summary
        for form in "html", "md", "json", "jsonl":
            report = self.folder / f"reference.{form}"
            subprocess.run([self.assay, "--address", daemon.listen, "evaluations", "report",
                            summary["id"], "--output", str(report)], check=True,
                           capture_output=True)
            self.reference[form] = report.read_bytes()
        daemon.stop()
        self.sent = read_outbox(self.state)
        assert len(self.sent) == 3, [run["client_key"] for run in self.sent]
        assert max(len(run["metrics"]) for run in self.sent) > 1000, (
            "no run needs more than one batch")

    def samples_sent(self):
        return sum(metric["key"] == SAMPLE_SERIES for run in self.sent for metric in run["metrics"])

    def check(self, trial, uri):
        """Compares outbox and server; returns (samples found, duplicate samples or runs)."""
        from mlflow.entities import ViewType
        from mlflow.tracking import MlflowClient
        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name(trial.experiment).experiment_id
        runs = client.search_runs([experiment], run_view_type=ViewType.ACTIVE_ONLY)
        by_key = {}
        for run in runs:
            by_key.setdefault(run.data.tags["assay.client_key"], []).append(run)
        assert set(by_key) == {run["client_key"] for run in self.sent}, by_key.keys()
        duplicates = sum(len(copies) - 1 for copies in by_key.values())
        found = 0
        ids = {key: copies[0].info.run_id for key, copies in by_key.items()}
        models = set()
        for sent in self.sent:
            run = by_key[sent["client_key"]][0]
            assert run.info.status == "FINISHED", (sent["client_key"], run.info.status)
            parent = sent.get("parent")
            assert run.data.tags.get("mlflow.parentRunId") == (
                ids[parent["client_key"]] if parent else None)
            expected = {}
            for metric in sent["metrics"]:
                expected.setdefault(metric["key"], []).append((metric["step"], metric["value"]))
            assert set(run.data.metrics) == set(expected), set(run.data.metrics) ^ set(expected)
            for key, values in expected.items():
                logged = [
                    (m.step, m.value) for m in client.get_metric_history(run.info.run_id, key)]
                if key == SAMPLE_SERIES:
                    found += len(set(logged))
                    duplicates += len(logged) - len(set(logged))
                assert sorted(logged) == sorted(values), (key, len(logged), len(values))
            assert run.data.params == dict(sent["params"]), run.data.params
            (dataset,) = run.inputs.dataset_inputs
            assert dataset.dataset.digest == sent["dataset"]["digest"][:36]
            # A search does not return them.
            models.update(
                model.model_id for model in client.get_run(run.info.run_id).inputs.model_inputs)
            self.check_artifacts(client, run.info.run_id, sent)
        assert len(models) == 2, models
        return found, duplicates

    def check_artifacts(self, client, run_id, sent):
        listed = {file.path: file.file_size for file in client.list_artifacts(run_id)}
        assert set(listed) == set(sent["artifacts"]), (listed, sent["artifacts"])
        with tempfile.TemporaryDirectory() as folder:
            for name in sent["artifacts"]:
                content = pathlib.Path(client.download_artifacts(run_id, name, folder)).read_bytes()
                if name == "plan.json":
                    json.loads(content)
                    continue
                reference = self.reference[name.rsplit(".", 1)[1]]
                if sent["model"]:
                    lines = reference.splitlines(keepends=True)
                    reference = b"".join(
                        line for line in lines if json.loads(line)["model"] == sent["model"])
                assert content == reference, (name, len(content), len(reference))


def through(bench, server, name, decide, timeout_seconds=20, last_request=None):
    """Runs a trial through a proxy, for which `decide` (given the trial) chooses the faults.

    Ends when the outbox is empty and a request of the kind `last_request` was seen.
    """
    proxy = FaultProxy(server.uri)
    trial = Trial(bench, name)
    proxy.reset(lambda kind, number: decide(trial, kind, number))
    trial.deliver(proxy.uri, timeout_seconds)
    wait_for(f"the end of '{name}'", lambda: outbox_depth(trial.state) == 0)
    if last_request:
        wait_for(last_request, lambda: proxy.counts.get(last_request))
        time.sleep(1)
    trial.finish()
    return trial, proxy.faults


def no_fault(bench, server, name):
    return through(bench, server, name, lambda trial, kind, number: None)


def too_many_requests(bench, server, name):
    def decide(trial, kind, number):
        return Fault(False, 429, {"Retry-After": "1"}) if kind in ("runs/create",
                                                                   "runs/log-batch") and number in (
                                                                       0, 3) else None
    return through(bench, server, name, decide)


def rejected_before(bench, server, name):
    return through(bench, server, name,
                   lambda trial, kind, number: Fault(False, 503) if number == 0 else None)


def failed_after(bench, server, name):
    def decide(trial, kind, number):
        return Fault(True, 503) if kind in WRITES and number % 2 == 0 else None
    return through(bench, server, name, decide)


def cut_after(bench, server, name):
    return through(bench, server, name,
                   lambda trial, kind, number: Fault(True) if kind in WRITES and number in (0, 2)
                   else None)


def late_creation(bench, server, name):
    """The server creates the run seconds after the client gave up and tried again."""
    def decide(trial, kind, number):
        return Fault(True, delay=8) if kind == "runs/create" and number == 0 else None
    return through(bench, server, name, decide, timeout_seconds=4, last_request="runs/delete")


def daemon_killed(bench, server, name, kind_of_death, number_of_death):
    """Kills the daemon with SIGKILL when a request of that kind arrives; drops the request."""
    proxy = FaultProxy(server.uri)
    trial = Trial(bench, name)

    def decide(kind, number):
        if kind == kind_of_death and number == number_of_death:
            return Fault(False, call=trial.daemon.process.kill)
        return None

    proxy.reset(decide)
    trial.deliver(proxy.uri)
    trial.daemon.process.wait(WAIT_SECONDS)
    assert outbox_depth(trial.state) > 0
    trial.daemon.start()
    trial.finish()
    return trial, proxy.faults


def killed_before_log(bench, server, name):
    return daemon_killed(bench, server, name, "runs/log-batch", 0)


def killed_before_update(bench, server, name):
    return daemon_killed(bench, server, name, "runs/update", 1)


def server_killed(bench, server, name):
    """Kills the server with SIGKILL between batches and restarts it while the daemon retries."""
    proxy = FaultProxy(server.uri)
    trial = Trial(bench, name)
    proxy.reset(lambda kind, number: Fault(True, call=server.kill)
                if kind == "runs/log-batch" and number == 2 else None)
    trial.deliver(proxy.uri)
    server.process.wait(WAIT_SECONDS)
    time.sleep(1)
    server.start()
    server.wait()
    trial.finish()
    return trial, proxy.faults


def disk_full(bench, server, name):
    """Limits the server's file size (RLIMIT_FSIZE) until the daemon has received an error."""
    trial = Trial(bench, name)
    database = server.folder / "mlflow.db"
    for pid in server.pids():
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (database.stat().st_size + 40_000, hard))
    trial.deliver(server.uri)
    wait_for("an error of the full disk", lambda: "answered 50" in trial.daemon.log.read_text())
    time.sleep(2)
    for pid in server.pids():
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    trial.finish()
    return trial, trial.daemon.log.read_text().count("answered 50")


FAULTS = {
    "down for the whole evaluation": no_fault,
    "429 with Retry-After": too_many_requests,
    "503 before every kind of request": rejected_before,
    "503 after every write, once": failed_after,
    "connection cut after every kind of write": cut_after,
    "runs created after the timeout": late_creation,
    "server killed within a run, restarted": server_killed,
    "server's disk full": disk_full,
    "daemon kill -9 between create and log": killed_before_log,
    "daemon kill -9 between log and end": killed_before_update,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    parser.add_argument("--only", choices=FAULTS)
    args = parser.parse_args()
    need_mlflow()
    need_model()
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = MlflowServer(folder)
        bench = Bench(folder, args)
        try:
            bench.measure()
            server.wait()
            sent = bench.samples_sent()
            print(f"{len(bench.sent)} runs, {sum(len(run['metrics']) for run in bench.sent)} "
                  f"metrics, {sent} samples\n")
            print(f"{'fault':42} {'sent':>6} {'found':>6} {'duplicates':>10} {'faults hit':>10} "
                  f"{'seconds':>8}")
            for fault, run in FAULTS.items():
                if args.only not in (None, fault):
                    continue
                begin = time.monotonic()
                trial, met = run(bench, server, fault.replace("'", ""))
                seconds = time.monotonic() - begin
                found, duplicates = bench.check(trial, server.uri)
                print(f"{fault:42} {sent:6} {found:6} {duplicates:10} {met:10} {seconds:8.1f}",
                      flush=True)
                assert (found, duplicates) == (sent, 0)
                assert met > 0 or run is no_fault, "the fault was not triggered"
        finally:
            server.kill()
            for daemon in bench.daemons:
                daemon.kill()
    print("ok")


if __name__ == "__main__":
    main()
