"""A daemon under attack, and how it is judged."""
import pathlib
import resource
import subprocess
import time

from http2 import RawConnection
from serving.daemon import Daemon

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
LIST = "assay.v1.ModelService/ListModels"
MIB = 2**20
# The write timeout of these tests, so that they need not wait for the default.
WRITE_SECONDS = 3


class Failures(Exception):
    """A claim that does not hold."""


def check(claim, holds, seen):
    if not holds:
        raise Failures(f"not true: {claim} (seen: {seen})")


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


class Bed:
    """A daemon with one model. `files` limits its open files; `limits` are those of assayd.yaml."""

    def __init__(self, args, limits=None, files=None, preload=False, client_tls=None, **settings):
        self.args, self.files, self.client_tls = args, files, client_tls
        entry = {"id": "m", "source": {"file": str(MODEL)}, "preload": preload}
        self.daemon = Daemon(args.assayd, [entry], 2,
                             {"write_timeout": f"{WRITE_SECONDS}s", **(limits or {})}, **settings)

    def __enter__(self):
        old = resource.getrlimit(resource.RLIMIT_NOFILE)
        if self.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, old[1]))
        try:
            self.daemon.__enter__()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, old)
        if self.files:
            resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE,
                             (self.files, self.files))
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()

    def cli(self, *words):
        """Runs `assay`. Returns its exit status, its output and the seconds that it took."""
        start = time.monotonic()
        done = subprocess.run([self.args.assay, "--address", self.daemon.address, *words],
                              capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr, time.monotonic() - start

    def serves(self):
        status, output, seconds = self.cli("models")
        check("another client is served", status == 0, output)
        return seconds

    def connect(self, **more):
        return RawConnection(self.daemon.address, tls=self.client_tls, **more)

    def memory(self):
        statm = pathlib.Path(f"/proc/{self.daemon.process.pid}/statm").read_text()
        return int(statm.split()[1]) * resource.getpagesize() / MIB

    def victim(self, calls):
        """Returns the seconds of each call of a client that behaves."""
        times = []
        with self.connect() as connection:
            for _ in range(calls):
                start = time.monotonic()
                stream = connection.start(LIST)
                connection.flush()
                status = connection.ends([stream])[stream]
                check("a call beside the attack succeeds", status == "0", status)
                times.append(time.monotonic() - start)
        return times
