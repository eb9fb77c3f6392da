"""Tests what bench/faults computes and judges. Run it directly; exits with 77 without SciPy."""
import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
try:
    import scipy  # noqa: F401
except ImportError:
    print("SciPy is not installed")
    sys.exit(77)
from faults import files, finding, report, soak  # noqa: E402

CYCLE, CYCLES = 4.0, 30


def sawtooth(mib_per_cycle, noise=0.0, bursts=0.0):
    """Returns samples, one per second, of a sawtooth of 300 MiB over a growing floor."""
    chance = random.Random(3)
    points = [(second,
               350 + 300 * (second % CYCLE > 1) + mib_per_cycle * (second // CYCLE)
               + chance.gauss(0, noise) + bursts * (second // CYCLE % 10 == 5))
              for second in range(int(CYCLE * CYCLES))]
    return points, [(CYCLE * i, CYCLE * (i + 1)) for i in range(CYCLES)]


class LeakTest(unittest.TestCase):
    def test_growth_with_each_cycle_is_a_leak(self):
        found = soak.judge(*sawtooth(2.0, noise=3))
        self.assertEqual(found["verdict"], "leaks")
        self.assertAlmostEqual(found["mib_per_hour"], 2 * 3600 / CYCLE, delta=400)
        self.assertLess(found["mib_per_hour_low"], found["mib_per_hour"])

    def test_noise_and_bursts_are_not_a_leak(self):
        self.assertEqual(soak.judge(*sawtooth(0.0, noise=5, bursts=200))["verdict"], "undecided")

    def test_growth_small_relative_to_memory_is_undecided(self):
        self.assertEqual(soak.judge(*sawtooth(0.1))["verdict"], "undecided")

    def test_troughs_are_the_minimum_of_each_cycle(self):
        self.assertEqual(soak.troughs([(0, 5), (1, 3), (2, 9), (3, 8)], [(0, 2), (2, 4), (4, 6)]),
                         [(1, 3), (3, 8)])

    def test_too_few_cycles_are_undecided(self):
        points, cycles = sawtooth(0)
        self.assertIn("too few", soak.judge(points, cycles[:4])["why_undecided"])
        self.assertEqual(soak.judge(points, [])["verdict"], "undecided")


class FindingTest(unittest.TestCase):
    def test_wilson_interval_matches_published_values(self):
        # From Newcombe 1998, table I: 81 of 263.
        low, high = finding.wilson(81, 263)
        self.assertAlmostEqual(low, 0.2553, places=4)
        self.assertAlmostEqual(high, 0.3662, places=4)
        self.assertIsNone(finding.wilson(0, 0))

    def test_finding_is_json_serializable(self):
        one = finding.Finding("Long run", "load", others=(9, 10))
        one.memory = soak.judge(*sawtooth(2.0))
        one.check("it holds", True)
        written = json.loads(json.dumps(one.to_json()))
        self.assertEqual(written["memory"]["verdict"], "leaks")
        self.assertIs(written["passed"], True)
        self.assertEqual(len(written["others_wilson"]), 2)

    def test_one_failed_check_fails_the_finding(self):
        one = finding.Finding("Fault", "something")
        self.assertFalse(one.passed, "nothing was asserted")
        one.check("it serves", True)
        self.assertTrue(one.passed)
        one.check("it serves", False, "INTERNAL")
        one.check("it stops", True)
        self.assertFalse(one.passed)
        self.assertEqual(one.failures(), ["Fault: not true: it serves (seen: INTERNAL)"])
        text = report.markdown([one], "Facts.")
        self.assertIn("**FAIL**", text)
        self.assertIn("0 of 1 pass", text)
        self.assertIn("- **not true**: it serves", text)
        self.assertIn("- true: it stops", text)

    def test_report_contains_counts_and_intervals(self):
        one = finding.Finding("a | b", "done", others=(10, 10), recovery_s=1.5,
                              recovery_of="x to y")
        one.count([{"code": "OK"}, {"code": "OK"}, {"code": "DATA_LOSS"}])
        row = report.row(one)
        self.assertIn("a \\| b", row)
        self.assertIn("10 of 10 [72.2%, 100.0%]", row)
        self.assertIn("1.50 s", row)
        details = report.details(one)
        self.assertIn("Statuses seen by clients: 1 DATA_LOSS, 2 OK", details)
        self.assertIn("Recovery: 1.50 s, x to y", details)


class CopyTest(unittest.TestCase):
    def test_copy_is_damaged_and_restored(self):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "m"
            model.write_bytes(bytes(range(100)))
            with files.Copy(model) as copy:
                copy.flip(10, 3)
                self.assertEqual(copy.path.read_bytes()[9:14], bytes([9, 245, 244, 243, 13]))
                copy.truncate()
                self.assertEqual(copy.path.stat().st_size, 50)
                copy.restore()
                self.assertEqual(copy.path.read_bytes(), model.read_bytes())
                self.assertEqual(os.listdir(copy.path.parent), ["model.gguf"])
            self.assertFalse(copy.path.exists())


if __name__ == "__main__":
    unittest.main()
