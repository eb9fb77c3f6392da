"""Searches everything that a real assayd writes or answers for the secrets that it was given.

Each secret of the configuration and of the environment is a unique text, a canary. The test calls
every RPC (rpc_walker), reads the log, the metrics, the state folder, the bodies of HTTP requests
and the errors of `assayd --check`, and fails if one has a canary. The HTTP server in front of the
daemon repeats the headers of each request in its answer, as a misconfigured proxy may.

Usage: secrets_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if
grpcio-tools or the model is missing.
"""
import argparse
import concurrent.futures
import base64
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, need_model, skip, wait_for  # noqa: E402
from patience import patience  # noqa: E402

try:
    import rpc_walker
except ImportError as error:
    skip(f"{error}; run `make setup`")

# Nothing listens on the port "discard".
CLOSED = "127.0.0.1:9"
# The names of secrets; each becomes a canary.
NAMES = ("uri-user uri-password env-uri-user env-uri-password mlflow-username mlflow-password "
         "mlflow-token trace-user trace-password trace-query otlp-header traces-header hub-token "
         "hub-user hub-password judge-key proxy-user proxy-password").split()
# The form matters: lower-case letters and digits are the same in a URL, in YAML and in a header.
CANARY = {name: f"canary{i:02d}{name.replace('-', '')}" for i, name in enumerate(NAMES)}
MODELS = (f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: '{need_model()}' }}, "
          "context_length: 512, content_types: [linkedin] }\n"
          "  - { id: far, source: { repo: owner/name, revision: v1 } }\n")


def credentials(prefix):
    return f"{CANARY[prefix + '-user']}:{CANARY[prefix + '-password']}"


def needles():
    """Returns {text to search: the name of the secret}, also in the form of Basic authentication."""
    found = {canary: name for name, canary in CANARY.items()}
    pairs = [credentials(prefix) for prefix in ("uri", "env-uri", "trace", "hub", "proxy")]
    pairs.append(f"{CANARY['mlflow-username']}:{CANARY['mlflow-password']}")
    for pair in pairs:
        # The last group may have padding.
        found[base64.b64encode(pair.encode()).decode()[:-4]] = f"base64 of {pair}"
    return found


class Findings:
    def __init__(self):
        self.needles, self.found = needles(), {}

    def search(self, place, text):
        """Records each canary in `text`, with the text around it."""
        for needle, name in self.needles.items():
            at = text.find(needle)
            if at >= 0:
                excerpt = text[max(0, at - 120):at + len(needle) + 40].replace("\n", " ")
                self.found.setdefault((place, name), excerpt)

    def check(self):
        for (place, name), excerpt in self.found.items():
            print(f"FOUND {name} in {place}: ...{excerpt}...")
        assert not self.found, f"{len(self.found)} places show a secret"


class Echo(http.server.BaseHTTPRequestHandler):
    """Refuses every request, and repeats its path and headers."""

    bodies = []

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Echo.bodies.append(body.decode(errors="replace"))
        answer = f"refused: {self.path} {dict(self.headers)}".encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = answer

    def log_message(self, *_):
        pass


def configurations(echo):
    """Returns (name, settings of assayd.yaml, environment) of the daemons to start."""
    common = {"HF_TOKEN": CANARY["hub-token"], "JUDGE_KEY": CANARY["judge-key"],
              "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{CANARY['otlp-header']}",
              "https_proxy": f"http://{credentials('proxy')}@{CLOSED}", "no_proxy": "127.0.0.1",
              "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_URI": ""}
    traces = f"v1/traces?key={CANARY['trace-query']}"
    evaluation = (
        "limits: { default_max_new_tokens: 4 }\nrecording: { prompts: true }\n"
        "evaluation:\n  max_new_tokens: 4\n"
        "  scorers: [{ name: leaky, command: [sh, -c, 'echo $HF_TOKEN $JUDGE_KEY $https_proxy "
        "$MLFLOW_TRACKING_PASSWORD $MLFLOW_TRACKING_TOKEN $MLFLOW_TRACKING_URI "
        "$OTEL_EXPORTER_OTLP_HEADERS >&2; exit 3'] }]\n"
        f"  judges: [{{ name: far, model: m, endpoint: 'http://{echo}/v1', "
        "api_key_env: JUDGE_KEY }]\n")
    yield ("unreachable",
           f"mlflow: {{ tracking_uri: 'http://{credentials('uri')}@{CLOSED}' }}\n"
           f"tracing: {{ endpoint: 'http://{credentials('trace')}@{CLOSED}/{traces}' }}\n"
           "log: { level: debug }\n" + evaluation, common)
    yield ("echo",
           f"tracing: {{ endpoint: 'http://{credentials('trace')}@{echo}/{traces}' }}\n"
           "log: { level: debug, format: json }\n" + evaluation,
           common | {"MLFLOW_TRACKING_URI": f"http://{credentials('env-uri')}@{echo}",
                     "HF_ENDPOINT": f"http://{credentials('hub')}@{echo}",
                     "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"x-api-key={CANARY['traces-header']}"})
    yield ("token",
           "tracing: { endpoint: mlflow }\nlog: { level: debug, format: json }\n" + evaluation,
           common | {"MLFLOW_TRACKING_URI": f"http://{echo}", "HF_ENDPOINT": f"http://{echo}",
                     "MLFLOW_TRACKING_TOKEN": CANARY["mlflow-token"]})
    yield ("password",
           "tracing: { endpoint: mlflow }\n" + evaluation,
           common | {"MLFLOW_TRACKING_URI": f"http://{echo}",
                     "MLFLOW_TRACKING_USERNAME": CANARY["mlflow-username"],
                     "MLFLOW_TRACKING_PASSWORD": CANARY["mlflow-password"]})


def evaluate(walker):
    """Returns the id of an evaluation whose scorer prints its environment."""
    request = walker.make(
        "assay.v1.EvaluationService/Evaluate",
        candidates=[{"name": "a", "model": "small"}, {"name": "b", "model": "small"}],
        prompts=[{"id": "p", "contentType": "linkedin", "prompt": "Hello"}], ownPromptsOnly=True,
        scorers=["classic", "leaky"], repeats=1, anyway=True)
    seen = walker.call("assay.v1.EvaluationService/Evaluate", request)
    assert "EVALUATION_STATE_SUCCEEDED" in seen, seen
    return seen.split('"id": "')[1].split('"')[0], seen


def walk(daemon, name, findings):
    """Calls every RPC of the daemon with generated requests, and some with real ones."""
    walker = rpc_walker.Walker(daemon.listen)
    with urllib.request.urlopen(daemon.metrics, timeout=patience(60)) as answer:
        metrics = answer.read().decode()
    served = {method for method in walker.methods() if f'method="{method}"' in metrics}
    assert served == set(walker.methods()), set(walker.methods()) - served
    evaluation, seen = evaluate(walker)
    findings.search(f"{name}: Evaluate", seen)
    judge = "assay.v1.JudgingService/JudgeEvaluation"
    findings.search(f"{name}: {judge}", walker.call(
        judge, walker.make(judge, evaluationId=evaluation, judges=["far"])))
    known = {"id": evaluation, "evaluation_id": evaluation, "base": evaluation, "other": evaluation,
             "model": "small", "content_type": "linkedin", "prompt": "Hello", "judges": "far",
             "repo": "owner/name", "repository": "owner/name", "scorers": "leaky"}
    walker.timeout = 5
    calls = 0
    for method, descriptor in walker.methods().items():
        if "/Delete" in method:
            continue
        requests = {request.SerializeToString(deterministic=True): request
                    for request in walker.requests(descriptor, known)}
        for request in requests.values():
            findings.search(f"{name}: {method}", walker.call(method, request))
            calls += 1
    # The flush waits for the flusher, so that the outbox has an error now.
    walker.timeout = patience(60)
    for method in ("FlushTracking", "GetTrackingStatus"):
        method = f"assay.v1.TrackingService/{method}"
        seen = walker.call(method, walker.make(method))
        assert "StatusCode.UNIMPLEMENTED" not in seen, seen
        findings.search(f"{name}: {method}", seen)
    with urllib.request.urlopen(daemon.metrics, timeout=patience(60)) as answer:
        findings.search(f"{name}: /metrics", answer.read().decode())
    print(f"{name}: {len(served)} RPCs, {calls} calls")
    return evaluation


def walk_deletions(daemon, name, findings, evaluation):
    """Calls the RPCs that delete, which the other calls could not bear."""
    walker = rpc_walker.Walker(daemon.listen)
    methods = {method: descriptor for method, descriptor in walker.methods().items()
               if "/Delete" in method}
    for method, descriptor in methods.items():
        for request in walker.requests(descriptor, {"ids": evaluation}):
            findings.search(f"{name}: {method}", walker.call(method, request))
    print(f"{name}: {len(methods)} RPCs that delete")


def run_commands(assay, listen, evaluation, name, findings):
    for words in (["mlflow", "status"], ["mlflow", "flush"], ["evaluations", "list"],
                  ["evaluations", "get", evaluation], ["--json", "evaluations", "get", evaluation],
                  ["evaluations", "report", evaluation], ["models", "--all"], ["routes"]):
        done = subprocess.run([assay, "--address", listen, *words], capture_output=True, text=True,
                              timeout=patience(300))
        findings.search(f"{name}: assay {words}", done.stdout + done.stderr)


def check_daemon(args, folder, name, settings, environment, findings):
    daemon = Assayd(args.assayd, folder, name, MODELS, settings, state_dir=f"state-{name}",
                    environment=environment)
    try:
        evaluation = walk(daemon, name, findings)
        run_commands(args.assay, daemon.listen, evaluation, name, findings)
        walk_deletions(daemon, name, findings, evaluation)
        daemon.stop()
    finally:
        if daemon.process.poll() is None:
            daemon.kill()
    findings.search(f"{name}: log", daemon.log.read_text())
    for path in (folder / f"state-{name}").rglob("*"):
        if path.is_file():
            findings.search(f"{name}: {path.name}", path.read_bytes().decode(errors="replace"))


def check_refusals(args, folder, findings):
    """Checks the errors of configurations that are wrong beside a secret."""
    uri, trace = credentials("uri"), credentials("trace")
    wrong = [f"mlflow: {{ tracking_uri: '{value}' }}" for value in (
        f"{uri}@host", f"ftp://{uri}@host", f"http://{uri}@host:port", f"//{uri}@host",
        f"https//{uri}@host")]
    wrong += [f"mlflow: {{ tracking_uri: ['http://{uri}@host'] }}",
              f"mlflow: {{ uri: 'http://{uri}@host' }}"]
    wrong += [f"tracing: {{ endpoint: '{value}' }}" for value in (
        f"{trace}@host", f"ftp://{trace}@host/v1", f"http://{trace}@host:port/v1")]
    wrong += [f"evaluation: {{ judges: [{{ name: j, model: m, {keys} }}] }}" for keys in (
        f"endpoint: 'http://{trace}@host/v1'",
        f"endpoint: 'https://host/v1', api_key_env: '{CANARY['judge-key']}'")]
    variables = [{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h",
                  "OTEL_EXPORTER_OTLP_HEADERS": CANARY["otlp-header"]},
                 {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{trace}@host"},
                 {"MLFLOW_TRACKING_URI": f"{uri}@host"},
                 {"MLFLOW_TRACKING_URI": f"sqlite://{uri}@host"}]
    (folder / "models.yaml").write_text(MODELS)
    for settings, environment in [(text, {}) for text in wrong] + [("", v) for v in variables]:
        config = folder / "wrong.yaml"
        config.write_text(f"catalog: models.yaml\nstate_dir: state\n{settings}\n")
        done = subprocess.run([args.assayd, "--config", config, "--check"], env=environment,
                              capture_output=True, text=True, timeout=patience(300))
        # The error is about the secret's own key, and not about something before it.
        assert done.returncode != 0, (settings, environment, done.stdout)
        assert any(word in done.stderr for word in ("mlflow", "tracing", "OTEL", "judges")), (
            settings, environment, done.stderr)
        findings.search(f"--check of {settings} {list(environment)}", done.stdout + done.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    findings = Findings()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_refusals(args, folder, findings)
        # Most of the time is spent waiting for servers that do not answer.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            checks = [pool.submit(check_daemon, args, folder, *configuration, findings)
                      for configuration in configurations(f"127.0.0.1:{server.server_port}")]
            for check in checks:
                check.result()
        wait_for("a request to the HTTP server", lambda: Echo.bodies)
    for body in Echo.bodies:
        findings.search("the body of an HTTP request", body)
    findings.check()
    print("ok")


if __name__ == "__main__":
    main()
