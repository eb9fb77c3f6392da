"""Sets the time of day of a running assayd by an hour, forward and back, while it works.

Streams, a queued request and an evaluation go on; feedback finds its answer; an idle model is
unloaded in time; the breaker's trial and the uploads to MLflow do not wait for an hour.

Usage: clock_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if the
model, a package or a C compiler is missing, or if this is not Linux.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(ROOT / "bench"), str(HERE / "attacks")]
try:
    import stubs
    from http2 import RawConnection
    from mlflow_server import seconds_until, wait_for
    from serving.daemon import Daemon
except ModuleNotFoundError as missing:
    print(f"clock_test: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
STREAM = "assay.v1.InferenceService/GenerateStream"
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","
HOUR = 3600
STREAM_TOKENS = 150
KEEP_ALIVE_SECONDS = 15
COOL_DOWN_SECONDS = 4
# An hour would be missed by far, whatever else runs on the machine.
PATIENCE = 240


def check(claim, holds, seen):
    if not holds:
        raise AssertionError(f"not true: {claim} (seen: {seen})")


class Clock:
    """The shifted time of day of the daemon."""

    def __init__(self, folder):
        self.library, self.file = folder / "shift.so", folder / "offset"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or sys.platform != "linux":
            print("clock_test: skipped: there is no C compiler, or this is not Linux",
                  file=sys.stderr)
            sys.exit(SKIPPED)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self.library,
                        HERE / "clock/shift.c", "-ldl"], check=True)
        self.file.write_bytes(struct.pack("q", 0))

    def set(self, seconds):
        # Written in place, because the daemon has the file mapped.
        with open(self.file, "r+b") as file:
            file.write(struct.pack("q", seconds * 10**9))

    @contextlib.contextmanager
    def preloaded(self):
        """What starts meanwhile has the shifted clock."""
        added = {"LD_PRELOAD": str(self.library), "ASSAY_CLOCK_FILE": str(self.file)}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]


class Bed:
    def __init__(self, args, clock, folder):
        (folder / "broken.gguf").write_bytes(MODEL.read_bytes()[:1000])
        models = [{"id": "m", "source": {"file": str(MODEL)}},
                  {"id": "idle", "source": {"file": str(MODEL)}, "preload": False,
                   "keep_alive": f"{KEEP_ALIVE_SECONDS}s"},
                  {"id": "broken", "source": {"file": str(folder / "broken.gguf")},
                   "preload": False}]
        self.args, self.clock = args, clock
        self.daemon = Daemon(
            args.assayd, models, 2, {"max_running": 2},
            breaker={"failures": 1, "cool_down": f"{COOL_DOWN_SECONDS}s"},
            # Nothing listens there: every upload fails and is tried again.
            mlflow={"tracking_uri": "http://127.0.0.1:9"})

    def __enter__(self):
        with self.clock.preloaded():
            self.daemon.__enter__()
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()

    def cli(self, *words, timeout=PATIENCE):
        return subprocess.run([self.args.assay, "--address", self.daemon.address, *words],
                              capture_output=True, text=True, timeout=timeout, check=False)

    def json(self, *words):
        done = self.cli("--json", *words)
        check(f"assay {' '.join(words)} succeeds", done.returncode == 0, done.stderr)
        # A generation is a line for each event.
        last = json.loads(done.stdout.splitlines()[-1])
        return last.get("completed", last)

    def is_open(self, model):
        """Sends a request, which an open breaker refuses."""
        error = self.cli("generate", "--model", model, "Hello").stderr
        return "UNAVAILABLE" in error

    def state(self, model):
        return self.json("models", model)["state"]


def scenario(args, clock, folder, shift):
    clock.set(0)
    long_text = stubs.inference.GenerateRequest(
        model="m", prompt=COUNTING, raw=True, max_new_tokens=STREAM_TOKENS).SerializeToString()
    with Bed(args, clock, folder) as bed, RawConnection(bed.daemon.address, timeout=PATIENCE) as peer:
        answer = bed.json("generate", "--model", "m", "--max-new-tokens", "4", "Hello")
        bed.json("generate", "--model", "idle", "--max-new-tokens", "4", "Hello")
        used = time.monotonic()
        refused = bed.cli("generate", "--model", "broken", "Hello")
        check("a broken file is an error", refused.returncode != 0, refused.stdout)
        check("the breaker is open", bed.is_open("broken"), refused.stderr)
        evaluation = []
        worker = threading.Thread(target=lambda: evaluation.append(bed.cli(
            "evaluate", "--model", "m", "--content-type", "linkedin", "--prompts", "2", "--repeats",
            "2", "--max-new-tokens", "24", "--scorer", "classic", "--no-wait")))
        worker.start()
        # Two run, and the third waits; each has a deadline of two minutes.
        streams = [peer.start(STREAM, long_text, seconds=120) for _ in range(3)]
        peer.flush()
        time.sleep(2)
        clock.set(shift)
        start = time.monotonic()
        state = bed.state("idle")
        if time.monotonic() < used + KEEP_ALIVE_SECONDS - 1:
            check("an idle model is not unloaded early", "READY" in state, state)
        ends = peer.ends(streams)
        streams_seconds = time.monotonic() - start
        check("streams and the queued request end well", set(ends.values()) == {"0"}, ends)
        worker.join(PATIENCE)
        check("the evaluation ends", evaluation, "it still runs")
        check("the evaluation ends well", evaluation[0].returncode == 0,
              evaluation[0].stdout + evaluation[0].stderr)
        given = bed.cli("feedback", answer["requestId"], "--accepted")
        check("feedback finds the answer", given.returncode == 0, given.stderr)
        wait_for("the unload of an idle model", lambda: "READY" not in bed.state("idle"))
        unloaded = time.monotonic() - used
        trial = seconds_until("a trial of the breaker", lambda: not bed.is_open("broken"))
        before = bed.daemon.metrics("assay_mlflow_uploads_total{", 'result="transient_error"')
        retried = seconds_until("another try of the upload", lambda: bed.daemon.metrics(
            "assay_mlflow_uploads_total{", 'result="transient_error"') > before)
        after = bed.json("generate", "--model", "m", "--max-new-tokens", "4", "Hello")
        check("durations are durations", 0 <= after["timings"]["totalMs"] < PATIENCE * 1000,
              after["timings"])
    return (f"{shift:+d} s: streams ended well after {streams_seconds:.1f} s; idle model unloaded "
            f"after {unloaded:.1f} s, trial after {trial:.1f} s, upload after {retried:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", required=True, type=pathlib.Path)
    parser.add_argument("--assay", required=True, type=pathlib.Path)
    args = parser.parse_args()
    args.assayd, args.assay = args.assayd.absolute(), args.assay.absolute()
    if not MODEL.exists():
        print(f"clock_test: skipped: {MODEL} does not exist; run make setup", file=sys.stderr)
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="assay-clock-") as name:
        folder = pathlib.Path(name)
        clock = Clock(folder)
        for shift in (HOUR, -HOUR):
            print(scenario(args, clock, folder, shift), flush=True)


if __name__ == "__main__":
    main()
