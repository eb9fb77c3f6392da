"""Tests the telemetry of a real assayd: metrics, alert rules, dashboard, traces and access log.

A real Prometheus scrapes the daemon and evaluates the rules and the queries of Grafana's dashboard;
a real MLflow receives the traces.

Usage: telemetry_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if
Prometheus, mlflow or the model is missing.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, MlflowServer, need_mlflow, need_model, wait_for  # noqa: E402
from patience import patience  # noqa: E402
from prometheus_server import ROOT, RULES, Prometheus, tool  # noqa: E402

DASHBOARD = ROOT / "deploy/grafana/dashboards/assay.json"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
UNSAMPLED = "0af7651916cd43dd8448eb211c80319c"
SECRET = "the quokka's secret plan"
# The labels that Prometheus adds, and those of histograms and recording rules.
ADDED = {"instance", "job", "le"}
# Panels that may have no data after the traffic below: no breaker opens, and there may be no energy
# meter.
MAY_BE_EMPTY = ("machine_energy", "breaker_transitions")
# Exported only if the machine has an energy meter.
METER = {"assay_machine_energy_joules_total": {"source"}}


def scrape(url):
    with urllib.request.urlopen(url, timeout=patience(300)) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain"), answer.headers
        return answer.read().decode()


def labels_by_metric(text):
    """Returns {metric: labels}, with histograms under the names of their series."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels = re.fullmatch(r"([a-zA-Z0-9_:]+)(?:\{(.*)\})? \S+", line).groups()
        found.setdefault(name, set()).update(re.findall(r'([a-z_]+)="', labels or ""))
    return found


def check_names(where, expression, legend, exported):
    """Checks that every metric and label of the expression was scraped or is made by a rule."""
    names = set(re.findall(r"\b((?:assay|process|model|model_status)[a-z0-9_:]*)\b(?=[\[{ )]|$)",
                           re.sub(r'"[^"]*"|\b(?:by|without|on) \([^)]*\)', "", expression)))
    names = {name for name in names if "_" in name and name not in ("model_status",)}
    assert names, (where, expression)
    known = set(ADDED)
    for name in names:
        assert name in exported, f"{where}: {name} is not exported"
        known |= exported[name]
        for selector in re.findall(re.escape(name) + r"\{([^}]*)\}", expression):
            for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector):
                assert label in exported[name] | ADDED, f"{where}: {name} has no label {label}"
    used = [label.strip() for group in re.findall(r"\b(?:by|without|on) \(([^)]*)\)", expression)
            for label in group.split(",")]
    for label in used + re.findall(r"\{\{(\w+)\}\}", legend):
        assert label in known, f"{where}: nothing in {expression} has the label {label}"


def targets_of(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target.get("legendFormat", "")


def check_dashboard(prometheus, exported):
    dashboard = json.loads(DASHBOARD.read_text())
    rows = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
    assert {"Requests", "Tokens", "Residency", "Evaluation", "Feedback",
            "Economics"} <= set(rows), rows
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric = re.match(r"label_values\((\w+)", variable["query"]).group(1)
            assert variable["name"] in exported[metric] | ADDED, variable
    queried, empty = 0, []
    for title, expression, legend in targets_of(dashboard):
        check_names(f"panel '{title}'", expression, legend, exported)
        queried += 1
        for variable, value in (("$__rate_interval", "1m"), ("$instance", ".*"), ("$model", ".*")):
            expression = expression.replace(variable, value)
        assert "$" not in expression, expression
        samples = prometheus.query(expression)
        if not samples and not any(part in expression for part in MAY_BE_EMPTY):
            empty.append((title, expression))
    assert not empty, empty
    print(f"dashboard: {len(ids)} panels and rows, {queried} queries")


def check_dashboard_is_current():
    """Checks that the JSON is the output of its script."""
    with tempfile.NamedTemporaryFile() as made:
        subprocess.run([sys.executable, ROOT / "deploy/grafana/make_dashboard.py", made.name],
                       check=True)
        assert pathlib.Path(made.name).read_text() == DASHBOARD.read_text(), (
            "run deploy/grafana/make_dashboard.py")


def check_rules(prometheus, exported):
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    exported.setdefault(rule["record"], {"model", "status"})
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") != "AssayDown":
                    check_names(rule.get("record") or rule["alert"], rule["expr"], "", exported)
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == 26, len(rules)
    for rule in rules:
        assert rule["health"] == "ok", rule
    firing = [alert["labels"]["alertname"] for alert in prometheus.get("alerts")["alerts"]
              if alert["state"] == "firing"]
    assert not firing, firing
    assert prometheus.value("sum(model:assay_requests:rate5m)") > 0
    print(f"rules: {len(rules)}, none firing")


class Cli:
    def __init__(self, binary, address):
        self.command = [binary, "--address", address]

    def run(self, *words, environment=None, code=0):
        done = subprocess.run(self.command + list(words), env=os.environ | (environment or {}),
                              capture_output=True, text=True, timeout=patience(200))
        assert done.returncode == code, (words, done.returncode, done.stderr)
        return done


def traffic(cli, routes):
    prompt = "Write one sentence about " + ", ".join(f"measure number {i}" for i in range(40))
    for _ in range(3):
        cli.run("generate", "--content-type", "linkedin", "--max-new-tokens", "24", prompt)
    cli.run("generate", "--model", "small", "--no-stream", "--max-new-tokens", "8", SECRET,
            environment={"TRACEPARENT": f"00-{TRACE_ID}-00f067aa0ba902b7-01"})
    cli.run("--request-id", "not-sampled", "generate", "--model", "small", "--max-new-tokens", "8",
            SECRET, environment={"TRACEPARENT": f"00-{UNSAMPLED}-00f067aa0ba902b7-00"})
    routes.write_text("routes:\n  linkedin: { rule: weighted, models: { small: 1, second: 1 } }\n")
    cli.run("routes", "set", str(routes))
    for number in range(2):
        name = f"arm-{number}"
        cli.run("--request-id", name, "generate", "--content-type", "linkedin", "--max-new-tokens",
                "8", f"number {number}")
        cli.run("feedback", name, "--accepted", "--rating", "8", "--conversion", "12.5")
    cli.run("routes", "reset")
    # An id, a model and a content type that were not declared.
    cli.run("generate", "--model", "evil_model", "x", code=4)
    cli.run("generate", "--content-type", "evil_type", "--max-new-tokens", "4", "x", code=2)
    # A known content type without a route.
    cli.run("generate", "--content-type", "email", "--max-new-tokens", "4", "x")
    cli.run("generate", "--model", "small", "--top-p", "7", SECRET, code=2)
    cli.run("models")
    cli.run("unload", "second")
    cli.run("load", "second")
    cli.run("evaluate", "--model", "small", "--content-type", "twitter", "--prompts", "2",
            "--max-new-tokens", "8")


def check_metrics(prometheus, url):
    text = scrape(url)
    linted = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True,
                            text=True)
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", ""), linted
    assert "evil" not in text
    value = prometheus.value
    assert value('sum(assay_requests_total{model="small",content_type="linkedin",route="fixed",'
                 'status="ok"})') == 3
    assert value('sum(assay_requests_total{model="other",status="not_found"})') == 1
    assert value('sum(assay_requests_total{content_type="other",route="default",status="ok"})') == 1
    assert value('sum(assay_requests_total{status="invalid_argument"})') == 2
    assert value('assay_prefix_cache_hit_tokens_total{model="small"}') >= 2 * 64
    tokens = value('assay_generation_tokens_total{model="small"}')
    successes = value('sum(assay_requests_total{model="small",status="ok"})')
    # Each request has one gap fewer than tokens.
    assert value('assay_inter_token_latency_seconds_count{model="small"}') == tokens - successes
    assert value('assay_time_to_first_token_seconds_count{model="small"}') == successes
    assert value('assay_request_energy_joules_total{model="small"}') > 0
    assert value('assay_request_hosted_cost_dollars_total{model="small"}') > value(
        'assay_request_cost_dollars_total{model="small"}')
    assert value('assay_model_unloads_total{model="second",cause="asked"}') == 1
    assert value('assay_model_loads_total{model="second",result="succeeded"}') == 2
    assert value('assay_model_state{model="second",state="ready"}') == 1
    assert value('sum(assay_model_memory_bytes{model="small"})') > 1e8
    assert value('assay_memory_used_bytes') == value("sum(assay_model_memory_bytes)")
    assert value('assay_rpcs_total{method="assay.v1.ModelService/ListModels",status="ok"}') == 1
    assert value('assay_evaluations_total{state="succeeded"}') == 1
    assert value('sum(assay_evaluation_samples_total{model="small",content_type="twitter"})') == 2
    assert 0 <= value('assay_evaluation_score{model="small",content_type="twitter"}') <= 10
    assert value('process_resident_memory_bytes{job="assayd"}') > 1e8
    assert value("assay_mlflow_uploads_total{result='ok'}") == 2
    print(f"scrape: {len(text)} bytes, "
          f"{sum(not line.startswith('#') for line in text.splitlines())} series")


def check_traces(mlflow_uri, experiment):
    from mlflow import MlflowClient
    client = MlflowClient(mlflow_uri)
    experiment_id = client.get_experiment_by_name(experiment).experiment_id

    def found():
        return {trace.info.trace_id: trace
                for trace in client.search_traces([experiment_id], max_results=100)}

    traces = wait_for("the traces", lambda: found() if f"tr-{TRACE_ID}" in found() else None)
    assert not any(UNSAMPLED in trace_id for trace_id in traces), (
        "a caller that does not sample was traced")
    trace = client.get_trace(f"tr-{TRACE_ID}")
    spans = {span.name: span for span in trace.data.spans}
    assert set(spans) == {"assay.v1.InferenceService/Generate", "route", "acquire", "queue",
                          "prefill", "decode"}, set(spans)
    call = spans["assay.v1.InferenceService/Generate"]
    attributes = call.attributes
    assert attributes["gen_ai.request.model"] == "small", attributes
    assert attributes["gen_ai.usage.output_tokens"] == 8, attributes
    assert attributes["assay.route.rule"] == "requested", attributes
    for name in ("route", "acquire", "queue", "prefill", "decode"):
        assert spans[name].parent_id == call.span_id, name
        assert call.start_time_ns <= spans[name].start_time_ns <= spans[
            name].end_time_ns <= call.end_time_ns, name
    assert SECRET not in json.dumps(trace.to_dict()), "a trace contains a prompt"
    # Failed requests are traced too.
    errors = [t for t in traces.values() if t.info.state.value == "ERROR"]
    assert len(errors) == 3, len(errors)
    print(f"traces: {len(traces)} in MLflow")


def check_log(path, secret_expected):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert (SECRET in path.read_text()) == secret_expected
    calls = [line for line in lines if line["event"] in ("request", "call") and "method" in line]
    assert all(line["request_id"] and re.fullmatch("[0-9a-f]{32}", line["trace_id"])
               and line["peer"] for line in calls), calls
    return calls


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    need_mlflow()
    tool("prometheus"), tool("promtool")
    check_dashboard_is_current()
    models = ("default_model: small\nmodels:\n"
              f"  - {{ id: small, source: {{ file: '{need_model()}' }}, context_length: 1024, "
              f"content_types: [linkedin] }}\n"
              f"  - {{ id: second, source: {{ file: '{need_model()}' }}, context_length: 512, "
              f"preload: true }}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mlflow = MlflowServer(folder)
        prometheus = None
        settings = (f"mlflow: {{ tracking_uri: 'http://user:hunter2@127.0.0.1:{mlflow.port}', "
                    f"experiment: telemetry }}\n"
                    "tracing: { endpoint: mlflow }\nlog: { format: json }\n")
        daemon = None
        try:
            mlflow.wait()
            daemon = Assayd(args.assayd, folder, "telemetry", models, settings)
            first = labels_by_metric(scrape(daemon.metrics))
            assert {"model", "content_type", "route", "status"} == first["assay_requests_total"], (
                first["assay_requests_total"])
            prometheus = Prometheus(folder, daemon.metrics)
            wait_for("a scrape", lambda: prometheus.value('up{job="assayd"}') == 1)
            cli = Cli(args.assay, daemon.listen)
            wait_for("the preloaded model",
                     lambda: prometheus.value('assay_model_state{model="second",state="ready"}')
                     == 1)
            traffic(cli, folder / "routes.yaml")
            wait_for("the upload",
                     lambda: prometheus.value("assay_mlflow_uploads_total{result='ok'}") == 2)
            wait_for("the outbox", lambda: prometheus.value("assay_mlflow_outbox_entries") == 0)
            check_metrics(prometheus, daemon.metrics)
            exported = METER | labels_by_metric(scrape(daemon.metrics))
            check_rules(prometheus, exported)
            check_dashboard(prometheus, exported)
            check_traces(mlflow.uri, "telemetry")
            wait_for("the exporter's count",
                     lambda: prometheus.value('assay_trace_spans_total{result="exported"}') >= 30)
            assert prometheus.value('sum(assay_trace_spans_total{result!="exported"})') == 0
            counted = re.findall(r"^assay_rpcs_total{.*} (\d+)$", scrape(daemon.metrics),
                                 re.MULTILINE)
            daemon.stop()
            calls = check_log(daemon.log, secret_expected=False)
            assert len(calls) == sum(map(int, counted)), "the log does not have one line per call"
            assert "hunter2" not in daemon.log.read_text(), "the log contains a password"
            by_id = {line["request_id"]: line for line in calls}
            assert by_id["not-sampled"]["trace_id"] == UNSAMPLED, by_id["not-sampled"]
            assert {line["method"].rsplit("/")[-1] for line in calls} >= {
                "Generate", "GenerateStream", "ListModels", "LoadModel", "UnloadModel", "Evaluate"}
            # Prompts are logged only with --log-prompts. Scores are exported again after a restart.
            daemon.command.append("--log-prompts")
            daemon.log.write_text("")
            daemon.start()
            assert 'assay_evaluation_score{content_type="twitter",model="small"}' in scrape(
                daemon.metrics)
            Cli(args.assay, daemon.listen).run("generate", "--model", "small", "--max-new-tokens",
                                               "4", SECRET)
            daemon.stop()
            check_log(daemon.log, secret_expected=True)
        finally:
            for process in (prometheus, daemon):
                if process is not None and process.process.poll() is None:
                    process.process.kill()
            mlflow.kill()
    print("ok")


if __name__ == "__main__":
    main()
