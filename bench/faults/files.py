"""Files of models that go bad: cut short, overwritten, removed; and the breaker that keeps requests from them."""
import os
import pathlib
import shutil
import tempfile
import time

from faults.bed import Bed, Beside, await_true, entry
from faults.finding import Finding

FAILURES, COOL_DOWN, LONGEST = 3, 1.0, 4.0
BREAKER = {"failures": FAILURES, "cool_down": f"{COOL_DOWN}s", "longest_cool_down": f"{LONGEST}s"}
# Requests once it is open, and how soon each is refused, the way through gRPC included.
REFUSED, REFUSED_SECONDS = 20, 0.25
# A cool-down that was doubled once, the load, and time for a busy machine.
CLOSES_SECONDS = 2 * COOL_DOWN + 5
FLIPPED_BYTES = 4096
# GGUF: after the magic number and the version, 8 bytes each, the numbers of tensors and of metadata entries.
COUNTS_OFFSET, COUNTS_BYTES = 8, 16
SURVIVES = ("OK", "DATA_LOSS", "INTERNAL", "INVALID_ARGUMENT", "UNIMPLEMENTED", "UNAVAILABLE", "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION")


class Copy:
    """A copy of the model's file in a folder of its own, from `with` to its end."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="assay-fault-")
        self.path = pathlib.Path(self.folder.name) / "model.gguf"
        self.put_back()
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def put_back(self):
        """In one step, as a download does."""
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
    """A file cut in half: its breaker opens, refuses at once, and closes when the file is whole again."""
    finding = Finding("Model file truncated; breaker opens and closes",
                      f"file cut to half before its first load, {FAILURES + REFUSED} requests one after the other, file put back "
                      f"(breaker: {FAILURES} failures, cool-down {COOL_DOWN:g} s)")
    with Copy(args.model) as copy, Bed(args, [entry(copy.path, "broken")], breaker=BREAKER) as bed, Beside(bed) as beside:
        copy.truncate()
        first = finding.count([bed.ask("broken") for _ in range(FAILURES)])
        finding.check(f"the first {FAILURES} are DATA_LOSS", all(one["code"] == "DATA_LOSS" for one in first),
                      [one["code"] for one in first])
        start = time.monotonic()
        refused = finding.count([bed.ask("broken") for _ in range(REFUSED)])
        took = time.monotonic() - start
        # The machine may be so slow that a trial fell among them.
        judged = [one for one in refused if one["code"] != "DATA_LOSS"]
        finding.check("the others are UNAVAILABLE with RetryInfo", judged and all(
            one["code"] == "UNAVAILABLE" and one["retry_s"] and one["retry_s"] <= LONGEST for one in judged), judged[:1])
        slowest = max(one["end"] - one["start"] for one in judged)
        finding.check(f"each is refused within {REFUSED_SECONDS:g} s", slowest < REFUSED_SECONDS, f"{slowest:.3f} s")
        finding.fact(f"refused within {1000 * slowest:.1f} ms")
        loads = bed.daemon.metrics("assay_model_loads_total{", 'model="broken"', 'result="failed"')
        allowed = FAILURES + took // COOL_DOWN + 1
        finding.check("the file is not read for refused requests", loads <= allowed, f"{loads:g} loads failed")
        state = bed.daemon.metrics("assay_breaker_state{", 'model="broken"')
        finding.check("assay_breaker_state is 2", state == 2, state)
        copy.put_back()
        finding.recovery_s = await_true(lambda: finding.count([bed.ask("broken")])[0]["code"] == "OK", CLOSES_SECONDS)
        finding.recovery_of = "file whole to first answer"
        finding.check(f"it closes within {CLOSES_SECONDS:g} s of the repair", finding.recovery_s is not None)
        finding.check("assay models says that it is closed", breaker_of(bed, "broken") == "BREAKER_STATE_CLOSED", breaker_of(bed, "broken"))
        opened, closed = (bed.daemon.metrics("assay_breaker_transitions_total{", 'model="broken"', f'to="{to}"') for to in ("open", "closed"))
        finding.check("its metrics counted one opening, one more for each trial that failed, and one closing", 1 <= opened <= 3 and closed == 1, (opened, closed))
        finding.after = bed.after()
    beside.judge(finding)
    return finding


def loaded_by_hand(args):
    """`assay load` and `assay reload` close a breaker before its time."""
    finding = Finding("Breaker closed by hand", "breaker with a cool-down of 5 minutes opened by a truncated file, file put back, "
                      "`assay load`; the same with `assay reload`")
    slow = {"failures": 1, "cool_down": "5m"}
    with Copy(args.model) as copy, Bed(args, [entry(copy.path, "broken")], breaker=slow) as bed, Beside(bed) as beside:
        for verb in (("load", "broken"), ("reload",)):
            bed.cli("unload", "broken")
            copy.truncate()
            finding.count([bed.ask("broken"), bed.ask("broken")])
            finding.check(f"it is open before `assay {verb[0]}`", breaker_of(bed, "broken") == "BREAKER_STATE_OPEN", breaker_of(bed, "broken"))
            copy.put_back()
            start = time.monotonic()
            code, _, error = bed.cli(*verb)
            answer = finding.count([bed.ask("broken")])[0]
            finding.recovery_s = max(finding.recovery_s or 0, time.monotonic() - start)
            finding.check(f"after `assay {verb[0]}` it serves at once", code == 0 and answer["code"] == "OK", error or answer)
        finding.recovery_of = "command to first answer"
        finding.after = bed.after()
    beside.judge(finding)
    return finding


def flipped(args):
    """Bytes overwritten: in the numbers at the file's head, and in the middle, where only weights are."""
    finding = Finding("Model file overwritten", f"all bits flipped in the counts of the header; then in {FLIPPED_BYTES} bytes in the middle")
    with Copy(args.model) as copy, Bed(args, [entry(copy.path, "broken")], breaker={"failures": 0}) as bed, Beside(bed) as beside:
        copy.flip(COUNTS_OFFSET, COUNTS_BYTES)
        head = finding.count([bed.ask("broken")])[0]
        finding.check("a wrong header is DATA_LOSS", head["code"] == "DATA_LOSS", head)
        copy.put_back()
        copy.flip(copy.path.stat().st_size // 2, FLIPPED_BYTES)
        middle = finding.count([bed.ask("broken", tokens=16)])[0]
        # The format has no checksum: weights that are numbers are weights.
        finding.fact(f"weights overwritten: {middle['code']}")
        finding.check("wrong weights end in an answer or an error", middle["code"] in SURVIVES, middle)
        bed.cli("unload", "broken")
        copy.put_back()
        start = time.monotonic()
        mended = finding.count([bed.ask("broken")])[0]
        finding.recovery_s, finding.recovery_of = time.monotonic() - start, "file whole to first answer"
        finding.check("with the file put back it answers", mended["code"] == "OK", mended)
        finding.after = bed.after()
    beside.judge(finding)
    return finding


def removed(args):
    """A file that goes while its model is resident."""
    finding = Finding("Model file removed while resident", "file deleted, requests, `assay reload`, requests, `assay unload`, requests, "
                      "file put back")
    with Copy(args.model) as copy, Bed(args, [entry(copy.path, "gone")]) as bed, Beside(bed) as beside:
        finding.count([bed.ask("gone")])
        copy.path.unlink()
        kept = finding.count([bed.ask("gone", tokens=16) for _ in range(3)])
        bed.cli("reload")
        kept += finding.count([bed.ask("gone", tokens=16) for _ in range(3)])
        finding.check("a resident model serves on", all(one["code"] == "OK" for one in kept), [one["message"] for one in kept])
        bed.cli("unload", "gone")
        absent = finding.count([bed.ask("gone")])[0]
        finding.check("once unloaded it is NOT_FOUND, with the path", absent["code"] == "NOT_FOUND" and str(copy.path) in absent["message"],
                      absent)
        copy.put_back()
        start = time.monotonic()
        back = finding.count([bed.ask("gone")])[0]
        finding.recovery_s, finding.recovery_of = time.monotonic() - start, "file back to first answer"
        finding.check("with the file back it answers", back["code"] == "OK", back)
        finding.after = bed.after()
    beside.judge(finding)
    return finding
