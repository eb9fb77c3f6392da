"""Runs a real MLflow server with an SQLite store and a real assayd for the integration tests."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from patience import patience  # noqa: E402

SKIPPED = 77
# Tests run beside others on shared machines, so a wait is only a bound for what never happens.
WAIT_SECONDS = patience(300)


def skip(reason):
    print("SKIPPED:", reason)
    sys.exit(SKIPPED)


def need_mlflow():
    try:
        import mlflow  # noqa: F401
    except ImportError as error:
        skip(f"mlflow is not installed in {sys.prefix} ({error}); run `make setup`")


def need_model():
    model = pathlib.Path(
        os.environ.get("ASSAY_TEST_MODEL", "var/models/smollm2-135m-instruct-q4_1.gguf")).absolute()
    if not model.exists():
        skip(f"no model at {model}; run `make setup`")
    return model


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, probe, seconds=WAIT_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: timed out after {seconds} s")


def seconds_until(what, probe):
    """Returns the seconds until the probe was true."""
    start = time.monotonic()
    wait_for(what, probe)
    return time.monotonic() - start


class MlflowServer:
    """`mlflow server` with a store in `folder` and its output in folder/server.log.

    It can be killed and started again.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "server.log"
        self.start()

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log,
                                            start_new_session=True)

    def wait(self):
        def answers():
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-4000:]
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:
                    return answer.status == 200
            except OSError:
                return False

        wait_for("mlflow server", answers)

    def pids(self):
        """Returns the process ids of the server and its workers."""
        pids, group = [], os.getpgid(self.process.pid)
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.getpgid(int(entry.name)) == group:
                    pids.append(int(entry.name))
            except ProcessLookupError:
                continue
        return pids

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(patience(15))
        except subprocess.TimeoutExpired:
            self.kill()


class Assayd:
    """The daemon with `settings` (YAML text) and `state_dir`, and its log in folder/NAME.log.

    `prefix` are words before the command, which must end as `exec` of it.
    """

    def __init__(self, binary, folder, name, models, settings, state_dir="state", environment=None,
                 prefix=()):
        folder = pathlib.Path(folder)
        (folder / f"{name}-models.yaml").write_text(models)
        config = folder / f"{name}.yaml"
        config.write_text("listen: 127.0.0.1:0\nmetrics: { listen: '127.0.0.1:0' }\n"
                          f"catalog: {name}-models.yaml\nstate_dir: {state_dir}\n{settings}")
        self.command = [*prefix, binary, "--config", str(config)]
        self.environment = os.environ | (environment or {})
        self.log = folder / f"{name}.log"
        self.log.write_text("")
        self.process = None
        self.start()

    def start(self):
        begin = self.log.stat().st_size
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stderr=log, env=self.environment)

        def ready():
            text = self.log.read_text()[begin:]
            assert self.process.poll() is None, text
            for line in text.splitlines():
                if '"event":"ready"' in line:
                    return json.loads(line)
                if " ready " in line:
                    return dict(field.split("=", 1) for field in line.split() if "=" in field)
            return None

        fields = wait_for("assayd", ready)
        self.listen, self.metrics = fields["listen"], fields["metrics"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Sends SIGTERM; the exit status must be 0."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(patience(40)) == 0, self.log.read_text()[-4000:]
        except subprocess.TimeoutExpired:
            self.kill()
            raise
