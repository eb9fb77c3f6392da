"""Runs a real assayd on a free port, with its own configuration in a temporary folder."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

from patience import patience

START_SECONDS = patience(60)
STOP_SECONDS = patience(60)
POLL_SECONDS = 0.05


class Daemon:
    """A context manager that runs assayd.

    `models` are entries of models.yaml; all of them except those with "preload": False are resident
    when the context is entered. Requests wait as long as they must unless `limits` has max_wait.
    `settings` are further keys of assayd.yaml. After kill() or stop(), start() runs the daemon
    again in the same folder.
    """

    def __init__(self, binary, models, threads, limits=None, **settings):
        self.binary, self.models = binary, [{"preload": True, **model} for model in models]
        self.config = {"listen": "127.0.0.1:0", "metrics": {"listen": "127.0.0.1:0"},
                       "catalog": "models.yaml", "state_dir": "state", "device": "cpu",
                       "threads": threads, "limits": {"max_wait": "0s", **(limits or {})},
                       **settings}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="assay-serve-")
        path = pathlib.Path(self.folder.name)
        # JSON is valid YAML.
        (path / "assayd.yaml").write_text(json.dumps(self.config))
        (path / "models.yaml").write_text(json.dumps({"models": self.models}))
        self.log_path, self.process = path / "log", None
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Starts the daemon with an empty log and waits until it serves with its models."""
        environment = {
            key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        with open(self.log_path, "w") as log:
            # SIGXFSZ stays ignored, as in Python: a file at its size limit causes an error instead
            # of killing the process.
            self.process = subprocess.Popen(
                [self.binary, "--config", self.log_path.parent / "assayd.yaml"], stdout=log,
                stderr=log, env=environment, restore_signals=False)
        self.await_ready()

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()

    def kill(self):
        """Sends SIGKILL if the daemon still runs."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return self.log_path.read_text()

    def await_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            log = self.log()
            ready = re.search(r" ready listen=(\S+) metrics=(\S+)", log)
            preloaded = [model["id"] for model in self.models if model["preload"]]
            loaded = [model for model in preloaded
                      if re.search(rf"model={re.escape(model)} state=ready", log)]
            if self.process.poll() is not None or "state=failed" in log:
                break
            if ready and len(loaded) == len(preloaded):
                self.address, self.metrics_url = ready.group(1), ready.group(2).strip('"')
                return
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{self.binary} did not start with its models; its log:\n{self.log()}")

    def metrics(self, *parts):
        """Returns the sum of each metric over all labels.

        With `parts`, returns the sum of the lines that contain all of them.
        """
        with urllib.request.urlopen(self.metrics_url, timeout=10) as reply:
            text = reply.read().decode()
        sums = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, value = line.rsplit(" ", 1)
            name = "".join(parts) if all(part in name for part in parts) and parts else name.split(
                "{")[0]
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums.get("".join(parts), 0.0) if parts else sums

    def state(self):
        """Returns the resident MiB and the numbers of running and waiting requests."""
        sums = self.metrics()
        return (sums["process_resident_memory_bytes"] / 2**20, int(sums["assay_requests_running"]),
                int(sums["assay_requests_waiting"]))

    def stop(self):
        """Sends SIGTERM. Returns the exit status, or None if the daemon does not stop in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return None
