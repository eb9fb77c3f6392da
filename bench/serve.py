"""Measures a real assayd through gRPC: its cost beside the engine alone, its pauses, its fairness, minutes of mixed load.

    python bench/serve.py --bin build/release/bin --model m.gguf --out docs/benchmarks --minutes 10

Writes serving.json and serving.md there; with --part only those parts of them. Needs assayd, assay-grpc-bench and assay-local-bench in --bin, and nothing but Python's
own library. Exit status 1: something ended that nobody asked to end, a text differed, the daemon did not stop well, or the memory
that is counted is over 10 % off what is taken.
"""
import argparse
import datetime
import pathlib
import sys

from machine import processor
from serving import outcome
from serving.mixed_load import mixed_load
from serving.residency import residency
from serving.streams import long_prompt_arrives, side_by_side, through_grpc

PARTS = {"grpc": through_grpc, "arrival": long_prompt_arrives, "shares": side_by_side, "mixed": mixed_load,
         "residency": residency}
PROGRAMS = ("assayd", "assay-grpc-bench", "assay-local-bench")


def positive(text):
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path, help=f"folder of {', '.join(PROGRAMS)}")
    parser.add_argument("--model", required=True, type=pathlib.Path, help="GGUF file with a chat template")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder of serving.json and serving.md")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement but the mixed load (default: %(default)s)")
    parser.add_argument("--minutes", type=positive, default=10, help="of mixed load (default: %(default)s; 0.5 to try it)")
    parser.add_argument("--rate", type=positive, default=4.0, help="requests a second of the mixed load (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of prompts and arrivals (default: %(default)s)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated (default: all)")
    args = parser.parse_args()
    # The daemon reads its catalog from another folder.
    args.bin, args.model = args.bin.absolute(), args.model.absolute()
    for path in (args.model, *(args.bin / program for program in PROGRAMS)):
        if not path.exists():
            parser.error(f"{path} does not exist: run make build")
    if args.repeats < 1:
        parser.error(f"--repeats {args.repeats} is below 1")
    return args


def main():
    args = arguments()
    found = {}
    for name in args.part or PARTS:
        print(f"+ serve: {name}", file=sys.stderr, flush=True)
        try:
            found[name] = PARTS[name](args)
        except (RuntimeError, OSError) as error:
            sys.exit(f"serve: {name}: {error}")
    facts = (f"Made by `make bench` on {datetime.date.today()}: {processor()}, {args.threads} threads, {args.model.name}, "
             f"{args.repeats} repeats, seed {args.seed}.")
    text = outcome.write(args.out, found, facts, whole=set(found) == set(PARTS))
    print(text)
    lines = outcome.complaints(found)
    for line in lines:
        print(f"serve: {line}", file=sys.stderr)
    return 1 if lines else 0


sys.exit(main())
