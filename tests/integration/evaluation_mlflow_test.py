"""A real evaluation by the real CLI and daemon, found on a real MLflow server and on the metrics endpoint.

Run by ctest; exits 77 (skipped) with a reason where mlflow or the model is missing.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SKIPPED = 77
NAMED_METRICS = ["inference_latency_ms", "memory_usage_gb", "tokens_per_second", "content_quality_score",
                 "cost_per_request", "roi_per_piece"]
NAMED_PARAMS = ["device", "apple_silicon_optimized"]


def skip(reason):
    print("SKIPPED:", reason)
    sys.exit(SKIPPED)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, probe, seconds):
    end = time.time() + seconds
    while time.time() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {seconds} s")


def responds(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


def start_mlflow(folder, port):
    log = open(folder / "mlflow.log", "w")
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
         "--artifacts-destination", str(folder / "artifacts"), "--host", "127.0.0.1", "--port", str(port), "--workers",
         "1"], stdout=log, stderr=log, start_new_session=True)
    wait_for("mlflow server", lambda: responds(f"http://127.0.0.1:{port}/health"), 120)
    return server


def start_assayd(binary, folder, model, mlflow_uri):
    (folder / "models.yaml").write_text(
        f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: '{model}' }}, context_length: 512,"
        " content_types: [linkedin, twitter] }\n")
    (folder / "assayd.yaml").write_text(
        "listen: 127.0.0.1:0\nmetrics: { listen: '127.0.0.1:0' }\ncatalog: models.yaml\nstate_dir: state\n"
        f"mlflow: {{ tracking_uri: '{mlflow_uri}', experiment: integration }}\n")
    log = folder / "assayd.log"
    daemon = subprocess.Popen([binary, "--config", str(folder / "assayd.yaml")], stderr=open(log, "w"))

    def ready():
        assert daemon.poll() is None, log.read_text()
        for line in log.read_text().splitlines():
            if " ready " in line:
                return dict(f.split("=", 1) for f in line.split() if "=" in f)
        return None

    return daemon, wait_for("assayd", ready, 60)


def check_runs(uri, evaluation_id, summary):
    from mlflow.tracking import MlflowClient
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("integration")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == ["business_test_small", f"evaluation_{evaluation_id}"], runs
    parent = runs[f"evaluation_{evaluation_id}"]
    run = runs["business_test_small"]
    assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id, run.data.tags
    for one in parent, run:
        assert one.info.status == "FINISHED", one.info.status
        assert one.data.tags["assay.evaluation_id"] == evaluation_id, one.data.tags
    for name in NAMED_METRICS:
        assert name in run.data.metrics, (name, sorted(run.data.metrics))
    for name in NAMED_PARAMS:
        assert name in run.data.params, (name, run.data.params)
    quality = run.data.metrics["content_quality_score"]
    assert abs(quality - summary["qualityScore"]["mean"]) < 1e-9, (quality, summary)
    print("MLflow run:", run.info.run_id, {k: run.data.metrics[k] for k in NAMED_METRICS})


def check_metrics(url):
    text = urllib.request.urlopen(url, timeout=5).read().decode()
    assert 'assay_evaluation_score{' in text, text
    assert 'assay_evaluation_samples_total{' in text, text
    promtool = shutil.which("promtool")
    if promtool:
        subprocess.run([promtool, "check", "metrics"], input=text.encode(), check=True)
        print("promtool check metrics: clean")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    try:
        import mlflow  # noqa: F401
    except ImportError:
        skip("mlflow is not installed: run `make setup`")
    model = pathlib.Path(os.environ.get("ASSAY_TEST_MODEL", "var/models/smollm2-135m-instruct-q4_1.gguf")).absolute()
    if not model.exists():
        skip(f"no model at {model}: run `make setup`")

    processes = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            port = free_port()
            uri = f"http://127.0.0.1:{port}"
            mlflow_server = start_mlflow(folder, port)
            processes.append(mlflow_server)
            daemon, ready = start_assayd(args.assayd, folder, model, uri)
            processes.append(daemon)
            out = subprocess.run(
                [args.assay, "--address", ready["listen"], "--json", "evaluate", "--content-type", "linkedin",
                 "--content-type", "twitter", "--prompts", "2", "--max-new-tokens", "24"],
                check=True, capture_output=True, text=True, timeout=200).stdout
            events = [json.loads(line) for line in out.splitlines()]
            evaluation = [e["summary"] for e in events if "summary" in e][0]
            assert evaluation["state"] == "EVALUATION_STATE_SUCCEEDED", evaluation
            assert sum("sample" in e for e in events) == 4, [list(e) for e in events]
            total = [s for s in evaluation["summaries"] if not s.get("contentType")][0]

            def run_addresses():
                reply = subprocess.run([args.assay, "--address", ready["listen"], "--json", "evaluations", "get",
                                        evaluation["id"]], check=True, capture_output=True, text=True).stdout
                runs = json.loads(reply).get("mlflowRuns", [])
                return runs if len(runs) == 2 else None

            for run in wait_for("the MLflow runs", run_addresses, 30):
                print("address:", run.get("model", "(evaluation)"), run["url"])
            check_runs(uri, evaluation["id"], total)
            check_metrics(ready["metrics"])
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(40) == 0, (folder / "assayd.log").read_text()
        finally:
            for process in processes:
                if process.poll() is None:
                    try:
                        os.killpg(process.pid, signal.SIGKILL)
                    except (ProcessLookupError, PermissionError):
                        process.kill()
                    process.wait()
    print("ok")


if __name__ == "__main__":
    main()
