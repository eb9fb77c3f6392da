"""Runs an evaluation with the real CLI and daemon, and checks it in MLflow and in the metrics.

Run by ctest. Exits with 77 (skipped) and a reason if mlflow or the model is missing. --keep-open
keeps the MLflow server running until Enter is pressed.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, MlflowServer, need_mlflow, need_model, wait_for  # noqa: E402
from patience import patience  # noqa: E402

EXPERIMENT = "integration"
NAMED_METRICS = ["inference_latency_ms", "memory_usage_gb", "tokens_per_second",
                 "content_quality_score", "cost_per_request", "roi_per_piece"]
NAMED_PARAMS = ["device", "apple_silicon_optimized", "prompt_set_sha256", "max_new_tokens", "seed"]
LEAST_METRICS = 50
PARENT_FILES = ["plan.json", "report.html", "report.md", "results.json", "samples.jsonl"]


def check_series(client, run, samples):
    """Checks that every series has one value per sample, each with its own step."""
    series = [key for key in run.data.metrics if key.startswith(("sample/", "system/"))]
    assert len(series) >= 16, series
    for key in series:
        steps = sorted(metric.step for metric in client.get_metric_history(run.info.run_id, key))
        assert len(steps) == len(set(steps)), (key, steps)
    latencies = [
        m.value for m in client.get_metric_history(run.info.run_id, "sample/inference_latency_ms")]
    expected = [sample["timings"]["totalMs"] for sample in samples]
    assert sorted(latencies) == sorted(expected), (latencies, expected)
    assert "system/cpu_utilization_percentage" in series, series


def check_runs(uri, evaluation, samples, report):
    from mlflow.tracking import MlflowClient
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == ["business_test_small", "evaluation_" + evaluation["id"]], runs
    parent = client.get_run(runs["evaluation_" + evaluation["id"]].info.run_id)
    run = client.get_run(runs["business_test_small"].info.run_id)
    assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id, run.data.tags
    for one in parent, run:
        assert one.info.status == "FINISHED", one.info.status
        assert one.data.tags["assay.evaluation_id"] == evaluation["id"], one.data.tags
        (dataset,) = one.inputs.dataset_inputs
        assert dataset.tags[0].value == "evaluation", dataset.tags
    for name in NAMED_METRICS:
        assert name in run.data.metrics, (name, sorted(run.data.metrics))
    assert len(run.data.metrics) >= LEAST_METRICS, sorted(run.data.metrics)
    for name in NAMED_PARAMS:
        assert name in run.data.params, (name, run.data.params)
    total = [s for s in evaluation["summaries"] if not s.get("contentType")][0]
    quality = run.data.metrics["content_quality_score"]
    assert abs(quality - total["qualityScore"]["mean"]) < 1e-9, (quality, total)
    check_series(client, run, samples)
    (model_input,) = run.inputs.model_inputs
    model = client.get_logged_model(model_input.model_id)
    assert model.status == "READY" and model.tags["assay.model_key"].startswith("small@"), model
    assert "content_quality_score" in {metric.key for metric in model.metrics}, model.metrics
    files = [file.path for file in client.list_artifacts(parent.info.run_id)]
    assert sorted(files) == PARENT_FILES, files
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(
            client.download_artifacts(parent.info.run_id, "report.html", folder)).read_text()
        assert evaluation["id"] in page and "</html>" in page
        lines = pathlib.Path(
            client.download_artifacts(run.info.run_id, "samples.jsonl", folder)).read_text()
        assert lines == report, (lines, report)
    print(f"MLflow run {run.info.run_id}: {len(run.data.metrics)} metrics, {len(run.data.params)} "
          "parameters,", {name: run.data.metrics[name] for name in NAMED_METRICS})


def check_metrics(url):
    text = urllib.request.urlopen(url, timeout=patience(300)).read().decode()
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
    parser.add_argument("--keep-open", action="store_true")
    args = parser.parse_args()
    need_mlflow()
    model = need_model()
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = MlflowServer(folder)
        daemon = None
        try:
            server.wait()
            daemon = Assayd(args.assayd, folder, "assayd",
                            "default_model: small\nmodels:\n"
                            f"  - {{ id: small, source: {{ file: '{model}' }}, context_length: "
                            f"512, content_types: [linkedin, twitter] }}\n",
                            f"mlflow: {{ tracking_uri: '{server.uri}', experiment: {EXPERIMENT} "
                            f"}}\n")

            def assay(*words):
                return subprocess.run([args.assay, "--address", daemon.listen, *words], check=True,
                                      capture_output=True, text=True, timeout=patience(200)).stdout

            out = assay("--json", "evaluate", "--content-type", "linkedin", "--content-type",
                        "twitter", "--prompts", "2", "--max-new-tokens", "24")
            events = [json.loads(line) for line in out.splitlines()]
            evaluation = [e["summary"] for e in events if "summary" in e][0]
            assert evaluation["state"] == "EVALUATION_STATE_SUCCEEDED", evaluation
            samples = [e["sample"] for e in events if "sample" in e]
            assert len(samples) == 4, [list(e) for e in events]

            def run_links():
                runs = json.loads(assay("--json", "evaluations", "get", evaluation["id"])).get(
                    "mlflowRuns", [])
                return runs if len(runs) == 2 else None

            for run in wait_for("the MLflow runs", run_links):
                print("URL:", run.get("model", "(evaluation)"), run["url"])
            report = folder / "samples.jsonl"
            assay("evaluations", "report", evaluation["id"], "--output", str(report))
            check_runs(server.uri, evaluation, samples, report.read_text())
            check_metrics(daemon.metrics)
            if args.keep_open:
                input("Press Enter to stop the server")
            daemon.stop()
        finally:
            if daemon:
                daemon.kill()
            server.kill()
    print("ok")


if __name__ == "__main__":
    main()
