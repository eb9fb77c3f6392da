"""Runs the libFuzzer targets, each for some seconds, and prints executions, coverage and crashes.

Usage: fuzz.py [--seconds 600] [--build build/fuzz] [TARGET...]

Needs a build of the preset `fuzz`. The target limits the processor time and the memory of every input
(tests/fuzz/limits.h). The corpora stay in var/fuzz/TARGET, and inputs that fail are in
var/fuzz/crashes. Exits with 1 if an input fails.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))
from patience import patience  # noqa: E402

# Larger inputs make executions slow; they are the subject of hostile_files_test.
MAX_BYTES = 1 << 16
# libFuzzer ends an input that takes longer, as when it hangs without using the processor. This is
# wall time, so a busy machine needs more of it.
HANG_SECONDS = round(patience(60))
# Memory of the whole process with its sanitizer and corpus; the targets judge single inputs.
MAX_RESIDENT_MIB = 4096
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:quarantine_size_mb=16",
           "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:suppressions="
                            f"{ROOT / 'deploy/sanitizers/ubsan.supp'}",
           "LSAN_OPTIONS": f"suppressions={ROOT / 'deploy/sanitizers/lsan.supp'}"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600,
                        help="time of each target (default: %(default)s)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/fuzz",
                        help="folder of the build (default: build/fuzz)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    return parser.parse_args()


def copy_seeds(listing, corpus):
    """Copies the seeds of a target into its corpus."""
    for line in listing.read_text().split():
        seed = ROOT / line
        shutil.copy(seed, corpus / f"seed_{line.replace('/', '_')}")


def summary(log):
    """Returns (executions, coverage) from the output of libFuzzer."""
    executions = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
    coverage = re.findall(r"^#\d+\s+\w+\s+cov: (\d+)", log, re.MULTILINE)
    return (int(executions[-1]) if executions else 0, int(coverage[-1]) if coverage else 0)


def fuzz(program, target, args):
    """Runs one target. Returns True if no input failed."""
    corpus, crashes = (ROOT / "var/fuzz" / name for name in (target, "crashes"))
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    copy_seeds(args.build / f"fuzz/{target}.seeds", corpus)
    known = set(crashes.iterdir())
    # Targets that need files write them to the temporary folder.
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            [program, f"-max_total_time={args.seconds}", f"-max_len={MAX_BYTES}",
             f"-timeout={HANG_SECONDS}", f"-report_slow_units={HANG_SECONDS}",
             f"-rss_limit_mb={MAX_RESIDENT_MIB}",
             f"-artifact_prefix={crashes}/{target}-", "-print_final_stats=1", str(corpus)],
            cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
            env={"PATH": "/usr/bin:/bin", "TMPDIR": temporary, **OPTIONS})
    log = ROOT / f"var/fuzz/{target}.log"
    log.write_text(done.stdout + done.stderr)
    executions, coverage = summary(done.stderr)
    found = sorted(set(crashes.iterdir()) - known)
    verdict = "ok" if done.returncode == 0 else f"FAILED, {log.relative_to(ROOT)}"
    print(f"{target:12} {executions:10} executions, coverage {coverage:6}, {len(found)} crashes: "
          f"{verdict}", flush=True)
    for path in found:
        print(f"{'':12} {path.relative_to(ROOT)}", flush=True)
    return done.returncode == 0


def main():
    args = arguments()
    args.build = args.build.absolute()
    programs = {path.name.removesuffix("_libfuzzer"): path
                for path in sorted((args.build / "bin").glob("*_libfuzzer"))}
    unknown = [target for target in args.targets if target not in programs]
    if unknown or not programs:
        sys.exit(f"fuzz: {args.build} has no target {', '.join(unknown)}; it has "
                 f"{', '.join(programs) or 'none'}. Build the preset fuzz")
    passed = [fuzz(programs[target], target, args) for target in args.targets or programs]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
