"""Runs a real Prometheus that scrapes a real assayd for the integration tests."""
import json
import pathlib
import shutil
import subprocess
import urllib.parse
import urllib.request

from mlflow_server import free_port, skip, wait_for
from patience import patience

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/rules"


def tool(name):
    """Returns the path of a program of Prometheus; skips the test if it is not installed."""
    path = shutil.which(name,
                        path=f"{ROOT / 'var/tools/bin'}:/usr/local/bin:/usr/bin:/opt/homebrew/bin")
    return path or skip(
        f"{name} is not installed; run `make test`, which extracts it from Debian's package")


class Prometheus:
    """Scrapes `metrics_url` every second and evaluates the rules of deploy/."""

    def __init__(self, folder, metrics_url):
        folder = pathlib.Path(folder)
        target = urllib.parse.urlsplit(metrics_url).netloc
        config = folder / "prometheus.yml"
        config.write_text("global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
                          f"rule_files: ['{RULES}/*.yml']\n"
                          f"scrape_configs: [{{ job_name: assayd, static_configs: [{{ targets: "
                          f"['{target}'] }}] }}]\n")
        self.uri = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "prometheus.log"
        address = urllib.parse.urlsplit(self.uri).netloc
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([tool("prometheus"), f"--config.file={config}",
                                             f"--storage.tsdb.path={folder / 'tsdb'}",
                                             f"--web.listen-address={address}"],
                                            stdout=log, stderr=log)
        wait_for("Prometheus", self.answers)

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{self.uri}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        url = f"{self.uri}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=patience(300)) as answer:
                body = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error
        assert body["status"] == "success", body
        return body["data"]

    def query(self, expression):
        """Returns an instant vector: [({label: value}, number)]."""
        return [(sample["metric"], float(sample["value"][1]))
                for sample in self.get("query", query=expression)["result"]]

    def value(self, expression):
        """Returns the value of the only sample, or None if there is none."""
        samples = self.query(expression)
        assert len(samples) <= 1, samples
        return samples[0][1] if samples else None

    def stop(self):
        self.process.terminate()
        self.process.wait(patience(30))
