"""Tests deploy/compose.yaml without containers.

Runs MLflow and Prometheus with the arguments of the compose file, and assayd with
deploy/container/assayd.yaml, in a separate network namespace in which the service names resolve and
the ports are free. As in the containers, the root is read-only and no process has capabilities.
Grafana and the images are not tested.

Usage: composition_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if
Prometheus, mlflow, the model or Linux namespaces are missing.
"""
import argparse
import fcntl
import http.client
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import need_mlflow, need_model, skip, wait_for  # noqa: E402
from patience import patience  # noqa: E402
from prometheus_server import ROOT, tool  # noqa: E402

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
# The volumes of the containers, in memory.
VOLUMES = pathlib.Path("/var/lib")
ETC = pathlib.Path("/tmp/etc")
LOGS = pathlib.Path("/tmp/logs")
WITHOUT_PRIVILEGES = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def enter_namespaces():
    """Runs this script again in new mount, network and PID namespaces. Does not return."""
    unshare = ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child",
               "--mount-proc"]
    if not shutil.which("unshare") or not shutil.which("setpriv"):
        skip("no unshare or setpriv (util-linux)")
    probe = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        skip(f"namespaces are not allowed here: {probe.stderr.strip()}")
    sys.exit(
        subprocess.run([*unshare, sys.executable, __file__, *sys.argv[1:], "--inside"]).returncode)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = b"lo"
        flags = struct.unpack("16xh",
                              fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh", name, 0))[
                                  :18])[0]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", name, flags | IFF_UP))


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def cover(folder, needed):
    """Mounts an empty folder on `folder`. What is needed below it stays visible, read-only."""
    kept = {folder / path.relative_to(folder).parts[0]
            for path in needed if folder in path.parents}
    # The descriptors lead to what the new mount hides.
    kept = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in kept}
    mount("-t", "tmpfs", "tmpfs", str(folder))
    for path, descriptor in kept.items():
        path.mkdir()
        # Its name, to which mount would resolve the link, leads to the new folder.
        mount("--no-canonicalize", "--rbind", f"/proc/{os.getpid()}/fd/{descriptor}", str(path))
        os.close(descriptor)
        mount("-o", "remount,bind,ro", str(path))


def prepare_root(programs):
    loopback_up()
    # The checkout, the environment and the model may lie below the folders that are covered.
    needed = [ROOT, pathlib.Path(sys.prefix), need_model(), *map(pathlib.Path, programs)]
    needed += [path.resolve() for path in needed]
    for folder in (pathlib.Path("/tmp"), VOLUMES):
        cover(folder, needed)
    for folder in (ETC, LOGS,
                   *(VOLUMES / name for name in ("assay", "huggingface", "mlflow", "prometheus"))):
        folder.mkdir()
    hosts = ETC / "hosts"
    hosts.write_text("127.0.0.1 localhost " + " ".join(COMPOSE) + "\n")
    mount("--bind", str(hosts), "/etc/hosts")
    mount("-o", "remount,bind,ro", "/")
    shutil.copy(DEPLOY / "container/assayd.yaml", ETC)
    # The default model from a local file, because the Hub is not reachable.
    default = yaml.safe_load((DEPLOY / "container/models.yaml").read_text())["default_model"]
    models = [{"id": default, "source": {"file": str(need_model())}, "context_length": 1024}]
    (ETC / "models.yaml").write_text(yaml.safe_dump({"default_model": default, "models": models}))


class Service:
    """A process of the composition, with its output in LOGS/NAME.log."""

    running = []

    def __init__(self, name, command, environment=None):
        self.log = LOGS / f"{name}.log"
        self.name = name
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*WITHOUT_PRIVILEGES, *command],
                                            cwd=COMPOSE[name].get("working_dir", "/"), stdout=log,
                                            stderr=log, env=os.environ | (environment or {}))
        Service.running.append(self)

    def wait_until_healthy(self, check):
        def healthy():
            assert self.process.poll() is None, f"{self.name} exited: " + self.log.read_text(
                errors="replace")[-4000:]
            return subprocess.run(check, capture_output=True).returncode == 0

        wait_for(self.name, healthy)

    @classmethod
    def show_logs(cls):
        for service in cls.running:
            print(f"--- {service.name}\n" + service.log.read_text(errors="replace")[-3000:])


def health_check(name, programs):
    """Returns the health check of the compose file, with the local paths of its programs."""
    words = COMPOSE[name]["healthcheck"]["test"]
    assert words[0] == "CMD", words
    return [programs.get(words[1], words[1]), *words[2:]]


def start_mlflow():
    service = COMPOSE["mlflow"]
    words = shlex.split(service["command"])
    assert words[0] == "mlflow", words
    mlflow = Service("mlflow", [sys.executable, "-m", *words], service["environment"])
    mlflow.wait_until_healthy(health_check("mlflow", {"python": sys.executable}))
    for host, expected in (("mlflow:5000", 200), ("localhost:5000", 200), ("127.0.0.1:5000", 200),
                           ("evil.example", 403)):
        connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=patience(300))
        connection.request("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0",
                           headers={"Host": host})
        status = connection.getresponse().status
        assert status == expected, (host, status)
    print("MLflow: accepts mlflow:5000 and loopback, rejects other hosts")


def start_prometheus():
    folders = {"/etc/prometheus": str(DEPLOY / "prometheus"),
               "=/prometheus": f"={VOLUMES}/prometheus"}
    command = list(COMPOSE["prometheus"]["command"])
    for inside, outside in folders.items():
        command = [word.replace(inside, outside) for word in command]
    prometheus = Service("prometheus", [tool("prometheus"), *command])
    prometheus.wait_until_healthy(
        health_check("prometheus", {"wget": shutil.which("wget") or skip("no wget")}))


def query(path):
    """Queries Prometheus at the address that Grafana uses."""
    sources = yaml.safe_load(
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    url = f"{sources[0]['url']}/api/v1/{path}"
    with urllib.request.urlopen(url, timeout=patience(300)) as answer:
        return json.load(answer)["data"]


def check_prometheus():
    def scraped():
        (target,) = query("targets")["activeTargets"]
        return target["health"] == "up" and target

    target = wait_for("a scrape of assayd", scraped)
    assert target["scrapeUrl"] == "http://assayd:9464/metrics", target
    rules = [rule for group in query("rules")["groups"] for rule in group["rules"]]
    assert rules and all(rule["health"] in ("ok", "unknown") for rule in rules), rules
    print(f"Prometheus: scrapes {target['scrapeUrl']}, {len(rules)} rules")


def check_mlflow(evaluation):
    from mlflow import MlflowClient
    client = MlflowClient(
        yaml.safe_load((ETC / "assayd.yaml").read_text())["mlflow"]["tracking_uri"])
    experiment = wait_for("the experiment",
                          lambda: client.get_experiment_by_name("assay")).experiment_id

    def finished():
        runs = client.search_runs([experiment], f"tags.`assay.evaluation_id` = '{evaluation}'")
        return len(runs) == 2 and all(run.info.status == "FINISHED" for run in runs) and runs

    runs = wait_for("the evaluation's runs", finished)
    files = [file.path for run in runs for file in client.list_artifacts(run.info.run_id)]
    assert "report.html" in files, files

    def found():
        return [
            t for t in client.search_traces([experiment]) if t.info.trace_id == f"tr-{TRACE_ID}"]

    (trace,) = wait_for("the trace", found)
    print(f"MLflow: {len(runs)} runs, {len(files)} artifacts, the trace of a generation with "
          f"{len(trace.data.spans)} spans")


def run_inside(args):
    prepare_root([args.assayd, args.assay, tool("prometheus")])
    start_mlflow()
    assayd = Service("assayd", [args.assayd, "--config", str(ETC / "assayd.yaml")],
                     {"HF_HOME": str(VOLUMES / "huggingface")})
    assayd.wait_until_healthy([args.assay, "--timeout", "5", "health"])
    start_prometheus()

    def assay(*words, **environment):
        return subprocess.run([args.assay, *words], check=True, stdout=subprocess.PIPE, text=True,
                              timeout=patience(300), env=os.environ | environment).stdout

    text = assay("generate", "--content-type", "linkedin", "--max-new-tokens", "16",
                 "Announce our process audit", TRACEPARENT=f"00-{TRACE_ID}-00f067aa0ba902b7-01")
    assert text.strip(), text
    evaluation = assay("evaluate", "--detach", "--content-type", "twitter", "--prompts", "2",
                       "--max-new-tokens", "8").strip()
    check_mlflow(evaluation)
    check_prometheus()
    assayd.process.send_signal(signal.SIGTERM)
    grace = float(COMPOSE["assayd"]["stop_grace_period"].removesuffix("s"))
    assert assayd.process.wait(grace) == 0, "assayd did not stop with status 0"
    assert all(line.startswith("{") for line in assayd.log.read_text().splitlines()), (
        assayd.log.read_text())
    print("ok")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True, type=os.path.abspath)
    parser.add_argument("--assay", required=True, type=os.path.abspath)
    parser.add_argument("--inside", action="store_true", help="already running in the namespaces")
    args = parser.parse_args()
    if not args.inside:
        need_mlflow()
        need_model()
        tool("prometheus")
        enter_namespaces()
    try:
        run_inside(args)
    except BaseException:
        Service.show_logs()
        raise
    finally:
        for service in Service.running:
            service.process.kill()


if __name__ == "__main__":
    main()
