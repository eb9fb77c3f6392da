"""Runs tokenizer_probe for the scripts that compare tokenizers."""
import json
import subprocess


def run_probe(probe, folder, requests):
    """Returns the answers, or the error of a folder that the probe cannot load."""
    lines = "".join(json.dumps(r) + "\n" for r in requests)
    done = subprocess.run([probe, str(folder)], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    return [json.loads(line) for line in done.stdout.split("\n") if line]
