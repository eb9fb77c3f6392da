"""Harms a real assayd in every way that we know, and asserts what its clients see, how soon it recovers, and that nothing leaks.

    python bench/reliability.py --bin build/release/bin --model m.gguf --out docs/benchmarks --minutes 5

Writes reliability.json and reliability.md there. Needs assayd, assay and assay-grpc-bench in --bin, and SciPy. Linux: memory and limits
of the daemon come from /proc and prlimit. Exit status 1: an assertion does not hold; 77: the model or SciPy is not there.
"""
import argparse
import datetime
import json
import pathlib
import sys
import time

SKIPPED = 77
try:
    from faults import files, overload, processes, report, soak
except ModuleNotFoundError as missing:
    print(f"reliability: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)
from machine import processor

FAULTS = {"truncated": files.truncated, "by-hand": files.loaded_by_hand, "flipped": files.flipped, "removed": files.removed,
          "killed": processes.killed, "loads": processes.cancelled_loads, "disk": processes.full_disk, "slow": overload.deadlines,
          "queue": overload.full_queue, "vanished": overload.vanished, "memory": overload.memory_exhausted, "soak": soak.soak}
PROGRAMS = ("assayd", "assay", "assay-grpc-bench")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help=f"folder of {', '.join(PROGRAMS)}")
    parser.add_argument("--model", required=True, type=pathlib.Path, help="GGUF file with a chat template")
    parser.add_argument("--out", type=pathlib.Path, help="folder of reliability.json and reliability.md (default: none is written)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=5, help="of the long run (default: %(default)s; at least 0.5)")
    parser.add_argument("--seed", type=int, default=1, help="of prompts, arrivals and moments (default: %(default)s)")
    parser.add_argument("--fault", choices=FAULTS, action="append", help="only this one; may be repeated (default: all)")
    args = parser.parse_args()
    # The daemon reads its catalog from another folder.
    args.bin, args.model = args.bin.absolute(), args.model.absolute()
    for path in (args.bin / program for program in PROGRAMS):
        if not path.exists():
            parser.error(f"{path} does not exist: run make build")
    if not args.model.exists():
        print(f"reliability: skipped: {args.model} does not exist: run make setup", file=sys.stderr)
        sys.exit(SKIPPED)
    if args.minutes < 0.5:
        parser.error(f"--minutes {args.minutes} is below 0.5: too few cycles to judge memory by")
    return args


def main():
    args = arguments()
    findings = {}
    for name in args.fault or FAULTS:
        start = time.monotonic()
        try:
            findings[name] = FAULTS[name](args)
        except (RuntimeError, OSError) as error:
            sys.exit(f"reliability: {name}: {error}")
        verdict = "pass" if findings[name].passed else "FAIL"
        print(f"+ reliability: {name}: {verdict}, {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    facts = (f"Made by `make reliability` on {datetime.date.today()}: {processor()}, {args.threads} threads, {args.model.name}, "
             f"seed {args.seed}.")
    text = report.markdown(list(findings.values()), facts)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "reliability.json").write_text(json.dumps({name: one.to_json() for name, one in findings.items()}, indent=1) + "\n")
        (args.out / "reliability.md").write_text(text)
    print(text)
    failures = [line for finding in findings.values() for line in finding.failures()]
    for line in failures:
        print(f"reliability: {line}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
