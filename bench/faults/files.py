"""Faults of model files: truncated, overwritten, removed; and the circuit breaker."""
import os
import pathlib
import shutil
import tempfile
import time

from faults.bed import TestBed, BackgroundLoad, await_true, entry
from faults.finding import Finding
from patience import patience

FAILURES, COOL_DOWN, MAX_COOL_DOWN = 3, 1.0, 4.0
BREAKER = {"failures": FAILURES, "cool_down": f"{COOL_DOWN}s",
           "longest_cool_down": f"{MAX_COOL_DOWN}s"}
# The requests sent to an open breaker, and the time limit for each rejection through gRPC.
REJECTED, REJECTED_SECONDS = 20, patience(0.25)
# A cool-down that was doubled once, plus the load and a margin for a busy machine.
CLOSES_SECONDS = 2 * COOL_DOWN + patience(5)
FLIPPED_BYTES = 4096
# In GGUF, magic number and version are followed by the numbers of tensors and of metadata entries,
# 8 bytes each.
COUNTS_OFFSET, COUNTS_BYTES = 8, 16
SURVIVES = ("OK", "DATA_LOSS", "INTERNAL", "INVALID_ARGUMENT", "UNIMPLEMENTED", "UNAVAILABLE",
            "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION")


class Copy:
    """A context manager: a copy of the model file in its own temporary folder."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="assay-fault-")
        self.path = pathlib.Path(self.folder.name) / "model.gguf"
        self.restore()
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def restore(self):
        """Replaces the file atomically, as a download does."""
        whole = self.path.with_suffix(".new")
        shutil.copyfile(self.model, whole)
        os.replace(whole, self.path)

    def truncate(self):
        os.truncate(self.path, self.path.stat().st_size // 2)

    def flip(self, offset, count):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            flipped = bytes(byte ^ 0xFF for byte in file.read(count))
            file.seek(offset)
            file.write(flipped)


def breaker_of(bed, model):
    return bed.model(model).get("breaker", {}).get("state", "")


def truncated(args):
    """Truncates a file: its breaker opens, rejects immediately and closes after the repair."""
    finding = Finding("Model file truncated; breaker opens and closes",
                      f"file truncated to half before its first load, {FAILURES + REJECTED} "
                      f"sequential requests, file restored (breaker: {FAILURES} failures, "
                      f"cool-down {COOL_DOWN:g} s)")
    with (Copy(args.model) as copy,
          TestBed(args, [entry(copy.path, "broken")], breaker=BREAKER) as bed,
          BackgroundLoad(bed) as background):
        copy.truncate()
        first = finding.count([bed.ask("broken") for _ in range(FAILURES)])
        finding.check(f"the first {FAILURES} are DATA_LOSS",
                      all(one["code"] == "DATA_LOSS" for one in first),
                      [one["code"] for one in first])
        start = time.monotonic()
        rejected = finding.count([bed.ask("broken") for _ in range(REJECTED)])
        took = time.monotonic() - start
        # On a slow machine one of them may be a trial request.
        judged = [one for one in rejected if one["code"] != "DATA_LOSS"]
        finding.check("the others are UNAVAILABLE with RetryInfo",
                      judged
                      and all(one["code"] == "UNAVAILABLE" and one["retry_s"]
                              and one["retry_s"] <= MAX_COOL_DOWN for one in judged), judged[:1])
        slowest = max(one["end"] - one["start"] for one in judged)
        finding.check(f"each is rejected within {REJECTED_SECONDS:g} s", slowest < REJECTED_SECONDS,
                      f"{slowest:.3f} s")
        finding.fact(f"rejected within {1000 * slowest:.1f} ms")
        loads = bed.daemon.metrics("assay_model_loads_total{", 'model="broken"', 'result="failed"')
        allowed = FAILURES + took // COOL_DOWN + 1
        finding.check("rejected requests do not read the file", loads <= allowed,
                      f"{loads:g} loads failed")
        state = bed.daemon.metrics("assay_breaker_state{", 'model="broken"')
        finding.check("assay_breaker_state is 2", state == 2, state)
        copy.restore()
        finding.recovery_s = await_true(
            lambda: finding.count([bed.ask("broken")])[0]["code"] == "OK", CLOSES_SECONDS)
        finding.recovery_of = "file restored to first answer"
        finding.check(f"the breaker closes within {CLOSES_SECONDS:g} s of the repair",
                      finding.recovery_s is not None)
        finding.check("assay models reports a closed breaker",
                      breaker_of(bed, "broken") == "BREAKER_STATE_CLOSED",
                      breaker_of(bed, "broken"))
        opened, closed = (bed.daemon.metrics("assay_breaker_transitions_total{", 'model="broken"',
                                             f'to="{to}"') for to in ("open", "closed"))
        finding.check("its metrics count one opening, one per failed trial, and one closing",
                      1 <= opened <= 3 and closed == 1, (opened, closed))
        finding.after = bed.after()
    background.judge(finding)
    return finding


def closed_manually(args):
    """Closes a breaker early with `assay load` and `assay reload`."""
    finding = Finding("Breaker closed manually",
                      "breaker with a cool-down of 5 minutes opened by a truncated file, file "
                      "restored, `assay load`; the same with `assay reload`")
    slow = {"failures": 1, "cool_down": "5m"}
    with (Copy(args.model) as copy,
          TestBed(args, [entry(copy.path, "broken")], breaker=slow) as bed,
          BackgroundLoad(bed) as background):
        for verb in (("load", "broken"), ("reload",)):
            bed.cli("unload", "broken")
            copy.truncate()
            finding.count([bed.ask("broken"), bed.ask("broken")])
            finding.check(f"the breaker is open before `assay {verb[0]}`",
                          breaker_of(bed, "broken") == "BREAKER_STATE_OPEN",
                          breaker_of(bed, "broken"))
            copy.restore()
            start = time.monotonic()
            code, _, error = bed.cli(*verb)
            answer = finding.count([bed.ask("broken")])[0]
            finding.recovery_s = max(finding.recovery_s or 0, time.monotonic() - start)
            finding.check(f"after `assay {verb[0]}` the model serves immediately",
                          code == 0 and answer["code"] == "OK", error or answer)
        finding.recovery_of = "command to first answer"
        finding.after = bed.after()
    background.judge(finding)
    return finding


def flipped(args):
    """Overwrites bytes in the counts of the header, and in the middle, where only weights are."""
    finding = Finding("Model file overwritten",
                      f"all bits flipped in the counts of the header; then in {FLIPPED_BYTES} "
                      "bytes in the middle")
    with (Copy(args.model) as copy,
          TestBed(args, [entry(copy.path, "broken")], breaker={"failures": 0}) as bed,
          BackgroundLoad(bed) as background):
        copy.flip(COUNTS_OFFSET, COUNTS_BYTES)
        head = finding.count([bed.ask("broken")])[0]
        finding.check("an invalid header is DATA_LOSS", head["code"] == "DATA_LOSS", head)
        copy.restore()
        copy.flip(copy.path.stat().st_size // 2, FLIPPED_BYTES)
        middle = finding.count([bed.ask("broken", tokens=16)])[0]
        # The format has no checksum, so changed weights are not detected.
        finding.fact(f"weights overwritten: {middle['code']}")
        finding.check("changed weights cause an answer or an error, not a crash",
                      middle["code"] in SURVIVES, middle)
        bed.cli("unload", "broken")
        copy.restore()
        start = time.monotonic()
        repaired = finding.count([bed.ask("broken")])[0]
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "file restored to first answer")
        finding.check("with the restored file the model answers", repaired["code"] == "OK",
                      repaired)
        finding.after = bed.after()
    background.judge(finding)
    return finding


def removed(args):
    """Deletes a file while its model is resident."""
    finding = Finding("Model file removed while resident",
                      "file deleted, requests, `assay reload`, requests, `assay unload`, "
                      "requests, file restored")
    with (Copy(args.model) as copy, TestBed(args, [entry(copy.path, "gone")]) as bed,
          BackgroundLoad(bed) as background):
        finding.count([bed.ask("gone")])
        copy.path.unlink()
        kept = finding.count([bed.ask("gone", tokens=16) for _ in range(3)])
        bed.cli("reload")
        kept += finding.count([bed.ask("gone", tokens=16) for _ in range(3)])
        finding.check("a resident model keeps serving", all(one["code"] == "OK" for one in kept),
                      [one["message"] for one in kept])
        bed.cli("unload", "gone")
        absent = finding.count([bed.ask("gone")])[0]
        finding.check("after an unload the error is NOT_FOUND with the path",
                      absent["code"] == "NOT_FOUND" and str(copy.path) in absent["message"], absent)
        copy.restore()
        start = time.monotonic()
        back = finding.count([bed.ask("gone")])[0]
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "file restored to first answer")
        finding.check("with the restored file the model answers", back["code"] == "OK", back)
        finding.after = bed.after()
    background.judge(finding)
    return finding
