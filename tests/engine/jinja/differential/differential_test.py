"""Compares our Jinja with jinja2 on random templates.

    python tests/engine/jinja/differential/differential_test.py --probe build/release/bin/template_probe
        [--first 0] [--count 3000] [--show 10]

Both render the same templates in the environment of transformers. The test fails if one prints what
the other does not, or if only one of them raises. A template that ours refuses by name (UNIMPLEMENTED)
is counted apart, and only the refusals in REFUSALS are allowed.
"""
import argparse
import json
import pathlib
import re
import resource
import signal
import subprocess
import sys
import warnings

from transformers.utils.chat_template_utils import _compile_jinja_template

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import templates  # noqa: E402

# What ours refuses where jinja2 prints something.
REFUSALS = [
    r"converting an? .* to a string is not supported",  # jinja2 prints the address of an object.
    r"a power that is a complex number is not supported",
    r"pprint of a value that needs more than 80 characters is not supported",
    r"striptags of a text with other character references than",
    r"encode\(\) is not supported",
]
MEMORY = 6 << 30
SECONDS = 5
ADDRESS = re.compile(r" at 0x[0-9a-f]+>")


class TooSlow(Exception):
    pass


def stop(_signal, _frame):
    raise TooSlow


def expected(source, variables):
    """Returns what jinja2 prints, or its error."""
    signal.alarm(SECONDS)
    try:
        given = {"messages": [], "tools": None, "documents": None, "add_generation_prompt": True,
                 "bos_token": "<s>", "eos_token": "</s>"} | variables
        return {"text": _compile_jinja_template(source).render(**given)}
    except TooSlow:
        return {"skip": "slow"}
    except RecursionError:
        return {"skip": "recursion"}
    except Exception as error:  # noqa: BLE001: jinja2 raises many types
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        signal.alarm(0)


def judge(want, got):
    """Returns "equal", "refused" or "different"."""
    if "skip" in want:
        return "equal"
    # jinja2 writes an infinite constant into Python code, where the name `inf` does not exist.
    if re.match(r"NameError: name '(inf|nan)'", want.get("error", "")):
        return "equal"
    if "error" in want:
        return "equal" if "error" in got else "different"
    if want.get("text") == got.get("text"):
        return "equal"
    if "error" in got and any(re.search(refusal, got["error"]) for refusal in REFUSALS):
        return "refused"
    if ADDRESS.search(want["text"]) and "error" in got:
        return "refused"
    return "different"


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--show", type=int, default=10)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, stop)
    pairs = [templates.make(seed) for seed in range(options.first, options.first + options.count)]
    lines = "".join(json.dumps({"source": source, "variables_json": json.dumps(variables)}) + "\n"
                    for source, variables in pairs)
    answers = subprocess.run([options.probe], input=lines, capture_output=True, text=True,
                             encoding="utf-8", check=True).stdout.split("\n")
    # For jinja2 only: a probe with AddressSanitizer needs terabytes of addresses.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    counts = {"equal": 0, "refused": 0, "different": 0}
    printed = 0
    for number, (source, variables) in enumerate(pairs):
        want, got = expected(source, variables), json.loads(answers[number])
        verdict = judge(want, got)
        counts[verdict] += 1
        printed += "text" in want
        if verdict == "different" and counts["different"] <= options.show:
            print(f"--- {options.first + number}\n{source!r}\n  jinja2 {want}\n  ours   {got}")
    print(f"{len(pairs)} templates, {printed} printed by jinja2: {counts}")
    sys.exit(counts["different"] > 0 or not pairs)


if __name__ == "__main__":
    main()
