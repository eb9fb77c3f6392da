"""Uploads runs with the C++ MLflow client to a real server and reads them with MLflow's client.

Usage: mlflow_flush_test.py PATH_TO_MLFLOW_PROBE
Exits with 77 (skipped) if mlflow is not installed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import MlflowServer, need_mlflow  # noqa: E402
from patience import patience  # noqa: E402

need_mlflow()
from mlflow.entities import ViewType  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402

METRICS = 2300
# Names of the parts of a scorer may be in any script. The last two have the same length.
METRIC_NAMES = ("metric_0", "\u8bed\u6c14", "\u957f\u5ea6")
EXPERIMENT = "assay flush/test"


def fnv1a(text):
    """The 32-bit digest of a key that MLflow does not take as it is (draft-eastlake-fnv)."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def make_run(client_key):
    start = 1_700_000_000_000
    return {"client_key": client_key, "evaluation_id": "evaluation-1", "model": "smollm2",
            "run_name": "business_test_smollm2", "started_ms": start, "finished_ms": start + 60_000,
            "succeeded": True,
            "metrics": [{"key": METRIC_NAMES[i % len(METRIC_NAMES)], "value": i * 0.25, "time_ms": start + i,
                         "step": i} for i in range(METRICS)],
            "params": [[f"param_{i}", f"value {i} \u00e4\u4f60\U0001f600"] for i in range(150)]
            + [["long", "x" * 7000]],
            "tags": [[f"tag_{i}", f"value {i}"] for i in range(130)]
            + [["long(key)", "y" * 9000], ["empty", ""]],}


class FlushTest(unittest.TestCase):
    probe = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        server = MlflowServer(pathlib.Path(folder.name))
        cls.addClassCleanup(server.stop)
        server.wait()
        cls.uri = server.uri
        cls.client = MlflowClient(server.uri)

    def upload(self, run):
        done = subprocess.run([self.probe, self.uri, EXPERIMENT], input=json.dumps(run),
                              capture_output=True, text=True, timeout=patience(120))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def runs(self, client_key):
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        return self.client.search_runs(
            [experiment.experiment_id], f"tags.`assay.client_key` = '{client_key}'", ViewType.ALL
        )

    def check(self, run, stored):
        self.assertEqual(stored.info.run_name, run["run_name"])
        self.assertEqual(stored.info.status, "FINISHED")
        self.assertEqual(stored.info.start_time, run["started_ms"])
        self.assertEqual(stored.info.end_time, run["finished_ms"])
        params = dict(run["params"])
        params["long"] = "x" * 5994 + " [cut]"
        self.assertEqual(stored.data.params, params)
        tags = dict(run["tags"])
        tags[f"long_key__{fnv1a('long(key)'):08x}"] = "y" * 7994 + " [cut]"
        del tags["long(key)"]
        self.assertEqual(stored.data.tags | tags, stored.data.tags)
        self.assertEqual(stored.data.tags["assay.client_key"], run["client_key"])
        logged = []
        for key in METRIC_NAMES:
            for m in self.client.get_metric_history(stored.info.run_id, key):
                logged.append((m.key, m.value, m.timestamp, m.step))
        sent = [(m["key"], m["value"], m["time_ms"], m["step"]) for m in run["metrics"]]
        self.assertEqual(sorted(logged), sorted(sent))

    def test_uploading_twice_creates_one_run_without_duplicate_metrics(self):
        run = make_run("flush-1")
        first = self.upload(run)
        second = self.upload(run)
        self.assertEqual(first, second)
        (stored,) = self.runs("flush-1")
        self.assertEqual(stored.info.run_id, first["run_id"])
        info = stored.info
        self.assertEqual(first["url"],
                         f"{self.uri}/#/experiments/{info.experiment_id}/runs/{info.run_id}")
        self.check(run, stored)

    def test_partially_logged_run_is_completed_without_duplicates(self):
        run = make_run("flush-2")
        first = self.upload(run)
        self.client.update_run(first["run_id"], status="RUNNING")
        second = self.upload(run)
        self.assertEqual(first, second)
        (stored,) = self.runs("flush-2")
        self.check(run, stored)

    def test_empty_run_is_completed(self):
        self.upload(make_run("flush-3"))
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        created = self.client.create_run(experiment.experiment_id,
                                         tags={"assay.client_key": "flush-4"},
                                         run_name="business_test_smollm2",
                                         start_time=1_700_000_000_000,)
        run = make_run("flush-4")
        self.assertEqual(self.upload(run)["run_id"], created.info.run_id)
        (stored,) = self.runs("flush-4")
        self.check(run, stored)


if __name__ == "__main__":
    FlushTest.probe = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
