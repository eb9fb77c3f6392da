"""Drives bin/assay-grpc-bench and bin/assay-local-bench, which play plans of requests."""
import json
import subprocess


class Player:
    """A context manager that runs one program, which is warm from the second plan on."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            # The program exited earlier; that is not judged here.
            pass
        self.process.kill()
        self.process.wait()

    def play(self, plan):
        """Plays a plan (bench/player/plan.h); returns its outcomes when all requests ended."""
        try:
            self.send(plan)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(
                f"{self.command[0]} exited in the middle of a plan; see its error above")
        return json.loads(line)

    def send(self, plan):
        """Starts to play a plan without waiting for the outcomes."""
        self.process.stdin.write(json.dumps(plan) + "\n")
        self.process.stdin.flush()

    def play_all_ok(self, plan):
        played = self.play(plan)
        for outcome in played["outcomes"]:
            if outcome["code"] != "OK":
                raise RuntimeError(f"{self.command[0]}: {outcome['code']}: {outcome['message']}")
        return played


def greedy_stream(model, prompt, new_tokens, at=0.0):
    """Returns a plan entry: a stream that decodes a raw prompt greedily."""
    return {"at": at,
            "request": {"model": model, "prompt": prompt, "raw": True,
                        "max_new_tokens": new_tokens}}
