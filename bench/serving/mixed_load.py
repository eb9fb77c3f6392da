"""Sends minutes of random requests of all kinds to five models and checks how they end."""
import collections
import json
import threading
import time

from serving import measures
from serving.daemon import Daemon
from serving.mix import Mix, is_expected
from serving.player import Player
from serving.streams import model_entry

# The same file five times: as it is, with other KV cache and weight types, and with a KV cache that
# is too small for many concurrent requests.
MODELS = {"plain": {}, "float32-cache": {"kv_cache": "float32"},
          "int8": {"weights": "int8", "kv_cache": "int8"}, "int4": {"weights": "int4"},
          "small-cache": {"cache_tokens": 2048}}
MEMORY_SAMPLES = 400
MIN_SAMPLE_SECONDS = 0.25
# How long the daemon may take to drop requests that clients have cancelled.
IDLE_SECONDS = 5
HOUR_SECONDS = 3600
SHOWN_FAILURES = 10


class DaemonWatch:
    """Samples (seconds, resident MiB, running requests, waiting requests) of the daemon."""

    def __init__(self, daemon, seconds):
        self.daemon, self.pause = daemon, max(seconds / MEMORY_SAMPLES, MIN_SAMPLE_SECONDS)
        self.points, self.done = [], threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def run(self):
        start = time.monotonic()
        try:
            while not self.done.wait(self.pause):
                self.points.append((time.monotonic() - start, *self.daemon.state()))
        except OSError:
            # The daemon has exited; its exit status reports that.
            return

    def summary(self):
        """Returns a summary. The slope of the second half is that of a daemon with full caches."""
        if not self.points:
            raise RuntimeError(
                "the load was too short to sample the daemon's memory; raise --minutes")
        _, resident, running, waiting = zip(*self.points)
        memory = [(second, mib) for second, mib, *_ in self.points]
        slopes = {"mib_per_hour": measures.slope(memory),
                  "mib_per_hour_second_half": measures.slope(memory[len(memory) // 2:])}
        return {"memory": {"first_mib": resident[0], "last_mib": resident[-1],
                           "most_mib": max(resident),
                           **{name: HOUR_SECONDS * value for name, value in slopes.items()
                              if value is not None}},
                "running": {"p50": measures.percentile(running, 0.5), "max": max(running)},
                "waiting": {"p50": measures.percentile(waiting, 0.5), "max": max(waiting)}}


def mixed_load(args):
    models = [model_entry(args, model_id, **settings) for model_id, settings in MODELS.items()]
    mix = Mix(list(MODELS), args.seed)
    seconds = 60 * args.minutes
    entries = mix.plan(seconds, args.rate)
    plan = [{key: value for key, value in entry.items() if key != "probe"} for entry in entries]
    with Daemon(args.bin / "assayd", models, args.threads) as daemon, \
            Player(args.bin / "assay-grpc-bench", "--address", daemon.address) as grpc:
        alone = [
            grpc.play_all_ok([{"request": probe}])["outcomes"][0]["text"] for probe in mix.probes]
        with DaemonWatch(daemon, seconds) as watch:
            played = grpc.play(plan)
        left = requests_still_running(daemon)
        status = daemon.stop()
    return {"minutes": args.minutes, "rate": args.rate, "daemon_exit_status": status,
            "requests_left_running": left, "client_cpu_share": played["cpu_s"] / played["wall_s"],
            **watch.summary(), **summary(entries, played, alone)}


def requests_still_running(daemon):
    """Returns the requests still running after all clients finished; None if assayd exited."""
    end = time.monotonic() + IDLE_SECONDS
    try:
        while (left := sum(daemon.state()[1:])) and time.monotonic() < end:
            time.sleep(0.1)
        return left
    except OSError:
        return None


def summary(entries, played, alone):
    outcomes = played["outcomes"]
    pairs = list(zip(entries, outcomes))
    unexpected = [describe(entry, outcome) for entry, outcome in pairs
                  if not is_expected(entry, outcome["code"])]
    probed = [(entry, outcome) for entry, outcome in pairs
              if entry["probe"] is not None and outcome["code"] == "OK"]
    streams = [outcome for outcome in outcomes if outcome["deltas"]]
    tokens = sum(outcome["completion_tokens"] for outcome in outcomes if outcome["code"] == "OK")
    return {"requests": len(outcomes),
            "codes": dict(collections.Counter(outcome["code"] for outcome in outcomes)),
            "unasked_failures": len(unexpected), "unasked": unexpected[:SHOWN_FAILURES],
            "probes": len(probed),
            "different_texts": sum(
                outcome["text"] != alone[entry["probe"]] for entry, outcome in probed),
            "cached_prompt_tokens": sum(outcome["cached_tokens"] for outcome in outcomes),
            "prompt_tokens": sum(outcome["prompt_tokens"] for outcome in outcomes),
            **pauses(streams),
            "models": {model: pauses(of_model(pairs, model)) for model in MODELS},
            "tokens_per_second": tokens / played["wall_s"]}


def of_model(pairs, model):
    return [outcome for entry, outcome in pairs
            if entry["request"]["model"] == model and outcome["deltas"]]


def pauses(streams):
    return {"first_token_ms": measures.milliseconds(
        [measures.first_token_seconds(outcome) for outcome in streams]),
            "between_tokens_ms": measures.milliseconds(
                [gap for outcome in streams for gap in measures.gaps(outcome)])}


def describe(entry, outcome):
    request = entry["request"]
    words = len(json.dumps(request.get("chat", request.get("prompt"))).split())
    return (f"{outcome['code']}: {outcome['message']} (sent at {entry['at']:.1f} s to "
            f"{request['model']}: {words} words, {request['max_new_tokens']} new tokens, priority "
            f"{request.get('priority', 0)}, {len(outcome['deltas'])} deltas received)")
