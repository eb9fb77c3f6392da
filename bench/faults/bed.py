"""A daemon to do harm to, the clients that watch, and requests to a model that nobody harms."""
import json
import pathlib
import subprocess
import threading
import time

from serving.daemon import Daemon
from serving.player import Player, stream_of
from serving.words import Prompts

MIB = 2**20
CONTEXT = 2048
STEADY = "steady"
# What models go on with until they may write no more.
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","
CALL_SECONDS = 60
# Of the requests beside a fault: a few at a time, each with more time than it needs.
BESIDE_REQUESTS, BESIDE_GAP_SECONDS, BESIDE_TOKENS, BESIDE_DEADLINE_SECONDS = 4, 0.1, 4, 15
QUIET_SECONDS = 10
POLL_SECONDS = 0.02


def entry(path, model_id, **settings):
    return {"id": model_id, "source": {"file": str(path)}, "context_length": CONTEXT, "draft_tokens": 0, "preload": False, **settings}


def resident_mib(pid):
    """Of a process, by the kernel."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / MIB


def await_true(condition, seconds):
    """Seconds until it held; None if it never did."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(POLL_SECONDS)
    return None


class Bed:
    """A daemon with the model "steady" resident and what else `models` has, and a client. Runs from `with` to its end."""

    def __init__(self, args, models=(), limits=None, steady=None, **settings):
        """steady: further keys of that model's entry; settings: of assayd.yaml."""
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
        """After a restart, which takes another port."""
        self.client.__exit__()
        self.client = self.player().__enter__()

    def request(self, model, tokens=4, prompt_tokens=16, at=0.0, **more):
        return {**stream_of(model, self.prompts.of_tokens(prompt_tokens), tokens, at), **more}

    @staticmethod
    def long_text(model, tokens, **more):
        """A request whose text does not end by itself."""
        return {**stream_of(model, COUNTING, tokens), **more}

    def ask(self, model, tokens=4, prompt_tokens=16, **more):
        """One request, and its outcome."""
        return self.client.play([self.request(model, tokens, prompt_tokens, **more)])["outcomes"][0]

    def cli(self, *words):
        """Runs `assay`: exit status, standard output, standard error."""
        done = subprocess.run(self.cli_words(*words), capture_output=True, text=True, timeout=CALL_SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def cli_words(self, *words):
        return [self.args.bin / "assay", "--address", self.daemon.address, *map(str, words)]

    def model(self, model_id):
        """What `assay models ID` says of it."""
        return json.loads(self.cli("--json", "models", model_id)[1])

    def memory_mib(self):
        return resident_mib(self.daemon.process.pid)

    def await_quiet(self):
        """Seconds until no request runs or waits; None: some always did."""
        return await_true(lambda: not any(self.daemon.state()[1:]), QUIET_SECONDS)

    def after(self):
        resident, running, waiting = self.daemon.state()
        return f"{resident:.0f} MiB resident, {running} running, {waiting} waiting"


class Beside:
    """Requests to "steady" from `with` to its end, by a client of their own; (succeeded, sent) in `others`."""

    def __init__(self, bed):
        self.bed, self.outcomes, self.done = bed, [], threading.Event()
        # Its own: prompts are made by two threads.
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
                plan = [{**stream_of(STEADY, self.prompts.of_tokens(16), BESIDE_TOKENS, i * BESIDE_GAP_SECONDS),
                         "deadline": BESIDE_DEADLINE_SECONDS} for i in range(BESIDE_REQUESTS)]
                self.outcomes += client.play(plan)["outcomes"]
                if self.done.is_set():
                    return

    @property
    def others(self):
        return sum(outcome["code"] == "OK" for outcome in self.outcomes), len(self.outcomes)

    def judge(self, finding):
        """All of them must have succeeded."""
        finding.others = self.others
        wrong = [f"{outcome['code']}: {outcome['message']}" for outcome in self.outcomes if outcome["code"] != "OK"]
        finding.check("every request to another model succeeds meanwhile", self.outcomes and not wrong, "; ".join(wrong[:3]))
