"""The test bed of fault injection: a daemon, its clients, and load on a healthy model."""
import json
import pathlib
import subprocess
import threading
import time

from patience import patience
from serving.daemon import Daemon
from serving.player import Player, greedy_stream
from serving.words import Prompts

MIB = 2**20
CONTEXT = 2048
STEADY = "steady"
# A prompt that models continue until they reach max_new_tokens.
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","
CALL_SECONDS = patience(60)
# The background load: a few requests at a time, each with a generous deadline.
BACKGROUND_REQUESTS = 4
BACKGROUND_GAP_SECONDS = 0.1
BACKGROUND_TOKENS = 4
BACKGROUND_DEADLINE_SECONDS = patience(15)
IDLE_SECONDS = patience(10)
POLL_SECONDS = 0.02


def entry(path, model_id, **settings):
    return {"id": model_id, "source": {"file": str(path)}, "context_length": CONTEXT,
            "draft_tokens": 0, "preload": False, **settings}


def resident_mib(pid):
    """Returns the resident memory of a process in MiB, from /proc."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / MIB


def await_true(condition, seconds):
    """Returns the seconds until `condition` held, or None if it did not within `seconds`."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(POLL_SECONDS)
    return None


class TestBed:
    """A context manager: a daemon with the resident model "steady" and `models`, and a client."""

    def __init__(self, args, models=(), limits=None, steady=None, **settings):
        """`steady` adds keys to the entry of that model, `settings` to assayd.yaml."""
        self.args, self.prompts = args, Prompts(args.seed)
        models = [entry(args.model, STEADY, preload=True, **(steady or {})), *models]
        self.daemon = Daemon(args.bin / "assayd", models, args.threads, limits, **settings)

    def __enter__(self):
        self.daemon.__enter__()
        self.client = self.player().__enter__()
        return self

    def __exit__(self, *_):
        self.client.__exit__()
        self.daemon.__exit__()

    def player(self):
        return Player(self.args.bin / "assay-grpc-bench", "--address", self.daemon.address)

    def reconnect(self):
        """Connects again after a restart, because the port has changed."""
        self.client.__exit__()
        self.client = self.player().__enter__()

    def request(self, model, tokens=4, prompt_tokens=16, at=0.0, **more):
        return {**greedy_stream(model, self.prompts.with_tokens(prompt_tokens), tokens, at), **more}

    @staticmethod
    def long_request(model, tokens, **more):
        """Returns a request that generates until max_new_tokens."""
        return {**greedy_stream(model, COUNTING, tokens), **more}

    def ask(self, model, tokens=4, prompt_tokens=16, **more):
        """Sends one request and returns its outcome."""
        return self.client.play([self.request(model, tokens, prompt_tokens, **more)])["outcomes"][0]

    def cli(self, *words):
        """Runs `assay` and returns its exit status, stdout and stderr."""
        done = subprocess.run(self.cli_words(*words), capture_output=True, text=True,
                              timeout=CALL_SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def cli_words(self, *words):
        return [self.args.bin / "assay", "--address", self.daemon.address, *map(str, words)]

    def model(self, model_id):
        """Returns the output of `assay models ID`."""
        return json.loads(self.cli("--json", "models", model_id)[1])

    def memory_mib(self):
        return resident_mib(self.daemon.process.pid)

    def await_idle(self):
        """Returns the seconds until no request runs or waits, or None if there always is one."""
        return await_true(lambda: not any(self.daemon.state()[1:]), IDLE_SECONDS)

    def after(self):
        resident, running, waiting = self.daemon.state()
        return f"{resident:.0f} MiB resident, {running} running, {waiting} waiting"


class BackgroundLoad:
    """A context manager: sends requests to "steady" with its own client.

    `others` is (succeeded, sent).
    """

    def __init__(self, bed):
        self.bed, self.outcomes, self.done = bed, [], threading.Event()
        # Not shared with the test bed, because Prompts is not thread-safe.
        self.prompts = Prompts(bed.args.seed + 1)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def run(self):
        with self.bed.player() as client:
            while True:
                plan = [{**greedy_stream(STEADY, self.prompts.with_tokens(16), BACKGROUND_TOKENS,
                                         i * BACKGROUND_GAP_SECONDS),
                         "deadline": BACKGROUND_DEADLINE_SECONDS}
                        for i in range(BACKGROUND_REQUESTS)]
                self.outcomes += client.play(plan)["outcomes"]
                if self.done.is_set():
                    return

    @property
    def others(self):
        return sum(outcome["code"] == "OK" for outcome in self.outcomes), len(self.outcomes)

    def judge(self, finding):
        """Checks that all of them succeeded."""
        finding.others = self.others
        failures = [f"{outcome['code']}: {outcome['message']}" for outcome in self.outcomes
                    if outcome["code"] != "OK"]
        finding.check("every concurrent request to another model succeeds",
                      self.outcomes and not failures, "; ".join(failures[:3]))
