"""A random mix of requests, as many users of several models send them."""
import math
import random

from serving.words import Prompts

# A request that takes longer is a failure.
DEADLINE_SECONDS = 120
NEW_TOKENS = (16, 256)
# Share of prompts, minimum and maximum tokens.
LENGTHS = ((0.80, 10, 100), (0.15, 200, 600), (0.05, 1000, 1600))
PROBES_PER_MODEL = 6
SYSTEM = ("You are a careful assistant of a small company that sells books. Answer in plain words "
          "and keep to the facts.")


def log_uniform(rng, low, high):
    """Draws from a log-uniform distribution."""
    return round(math.exp(rng.uniform(math.log(low), math.log(high))))


class Mix:
    """Generates requests. The same seed generates the same requests."""

    def __init__(self, models, seed):
        self.models, self.random, self.prompts = models, random.Random(seed), Prompts(seed)
        self.probes = [self.request(model) for model in models for _ in range(PROBES_PER_MODEL)]

    def plan(self, seconds, rate):
        """Returns the entries of a plan. "probe" is the index of a repeated request, or None."""
        entries, at = [], self.random.expovariate(rate)
        while at < seconds:
            entries.append({"at": at, **self.entry()})
            at += self.random.expovariate(rate)
        return entries

    def entry(self):
        rng = self.random
        entry = {"unary": rng.random() < 0.3, "deadline": DEADLINE_SECONDS, "probe": None}
        kind = rng.random()
        if kind < 0.15:
            entry["probe"] = rng.randrange(len(self.probes))
            return {**entry, "request": self.probes[entry["probe"]]}
        entry["request"] = self.request(rng.choice(self.models))
        if kind < 0.25:
            entry["cancel_after"] = rng.uniform(0.02, 0.6)
        elif kind < 0.30:
            entry["deadline"] = rng.uniform(0.02, 0.6)
        return entry

    def request(self, model):
        rng = self.random
        request = {"model": model, "max_new_tokens": log_uniform(rng, *NEW_TOKENS), **self.input()}
        if rng.random() < 0.5:
            request["sampling"] = {"temperature": 0.8, "top_p": 0.95, "top_k": 40,
                                   "seed": rng.randrange(1 << 30)}
        if rng.random() < 0.1:
            request["stop"] = ["\n\n", "the end"]
        if rng.random() < 0.1:
            request["priority"] = rng.choice((-1, 1))
        return request

    def input(self):
        rng = self.random
        _, low, high = rng.choices(LENGTHS, [share for share, _, _ in LENGTHS])[0]
        prompt = self.prompts.with_tokens(log_uniform(rng, low, high))
        kind = rng.random()
        if kind < 0.5:
            return {"prompt": prompt}
        if kind < 0.7:
            return {"prompt": prompt, "raw": True}
        turns = [("system", SYSTEM), ("user", "What can you do?"),
                 ("assistant", "I answer questions."), ("user", prompt)]
        return {
            "chat": {"messages": [{"role": role, "content": content} for role, content in turns]}}


def is_expected(entry, code):
    """Returns True if the status `code` is expected for a request of the mix."""
    return (code == "OK" or code == "CANCELLED" and "cancel_after" in entry
            or code == "DEADLINE_EXCEEDED" and entry["deadline"] < DEADLINE_SECONDS)
