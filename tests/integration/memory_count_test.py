"""Compares the memory that a real assayd counts for its models with the growth of its process.

Usage: memory_count_test.py PATH_TO_ASSAYD PATH_TO_ASSAY
"""
import pathlib
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from patience import patience  # noqa: E402
from serving.daemon import Daemon  # noqa: E402
from serving.residency import counted_mib  # noqa: E402
from serving.words import Prompts  # noqa: E402

ASSAYD, ASSAY = sys.argv[1:3]
del sys.argv[1:3]
MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
# The same as in bench/serving/outcome.py. Observed: 3 % here, 1 % over twelve models.
TOLERANCE = 0.10
CONTEXT, FILL_TOKENS = 1024, 1000
# The room that each model has for texts that wait to be scored, of which this test sends none.
TEXT_ROOM_MIB = 21
# An idle model frees its prompt buffers after one second.
SETTLE_SECONDS = 10
SETTINGS = {"first": {}, "wide": {"weights": "full", "dtype": "bfloat16"},
            "cache": {"kv_cache": "float32"}}


class MemoryCountTest(unittest.TestCase):
    def use(self, daemon, model, prompt):
        done = subprocess.run([ASSAY, "--address", daemon.address, "generate", "--model", model,
                               "--raw", "--temperature", "0", "--max-new-tokens", "1", prompt],
                              capture_output=True, text=True, timeout=patience(120))
        self.assertEqual(done.returncode, 0, done.stderr)

    @staticmethod
    def resident_mib(daemon):
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[
            1]) / 1024

    def settled_mib(self, daemon):
        """Returns the resident memory once it no longer decreases."""
        end, before = time.monotonic() + SETTLE_SECONDS, float("inf")
        while time.monotonic() < end:
            time.sleep(1.2)
            now = self.resident_mib(daemon)
            if before - now < 1:
                break
            before = now
        return now

    def test_counted_memory_is_within_tolerance_of_used_memory(self):
        if not MODEL.exists() or not sys.platform.startswith("linux"):
            self.skipTest(f"{MODEL} (make models) and /proc are required")
        prompts = Prompts(1)
        models = [{"id": name, "source": {"file": str(MODEL)}, "context_length": CONTEXT,
                   "cache_tokens": CONTEXT, "preload": False, **settings}
                  for name, settings in SETTINGS.items()]
        with Daemon(ASSAYD, models, threads=2) as daemon:
            # The first model is not counted, because it also loads the libraries.
            first, *others = SETTINGS
            self.use(daemon, first, prompts.with_tokens(FILL_TOKENS))
            before = counted_mib(daemon), self.settled_mib(daemon)
            for model in others:
                self.use(daemon, model, prompts.with_tokens(FILL_TOKENS))
            counted = counted_mib(daemon) - before[0] - TEXT_ROOM_MIB * len(others)
            used = self.settled_mib(daemon) - before[1]
        print(f"counted {counted:.1f} MiB, used {used:.1f} MiB", file=sys.stderr)
        self.assertLessEqual(abs(counted - used), TOLERANCE * used,
                             f"counted {counted:.1f} MiB, used {used:.1f} MiB")


if __name__ == "__main__":
    unittest.main()
