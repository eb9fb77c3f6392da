"""Programs that play plans of requests: bin/assay-grpc-bench and bin/assay-local-bench (bench/player/plan.h)."""
import json
import subprocess


class Player:
    """Runs from `with` to its end, so that it is warm from the second plan on."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            # It ended before; that is not what is judged here.
            pass
        self.process.kill()
        self.process.wait()

    def play(self, plan):
        """What bench/player/plan.h says; returns when every request of the plan has ended."""
        try:
            self.send(plan)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self.command[0]} ended in the middle of a plan; its error is above")
        return json.loads(line)

    def send(self, plan):
        """Begins to play it; whoever wants to know what came of it calls play()."""
        self.process.stdin.write(json.dumps(plan) + "\n")
        self.process.stdin.flush()

    def play_all_ok(self, plan):
        played = self.play(plan)
        for outcome in played["outcomes"]:
            if outcome["code"] != "OK":
                raise RuntimeError(f"{self.command[0]}: {outcome['code']}: {outcome['message']}")
        return played


def stream_of(model, prompt, new_tokens, at=0.0):
    """A greedy stream of a raw prompt."""
    return {"at": at, "request": {"model": model, "prompt": prompt, "raw": True, "max_new_tokens": new_tokens}}
