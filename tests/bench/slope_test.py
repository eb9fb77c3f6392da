"""Tests the slope of memory and the verdict of the soak test on simulated series.

Run it directly; exits with 77 without SciPy.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
try:
    import numpy as np
    from scipy import signal
except ImportError:
    print("SciPy is not installed")
    sys.exit(77)
from faults import finding, slope, soak  # noqa: E402

CYCLE_SECONDS, FLOOR_MIB, VISIT_MIB = 5.0, 350.0, 300.0
# The troughs of real runs have about this noise and this correlation with the next one.
NOISE_MIB, CORRELATION = 3.0, 0.8
REPEATS, RUNS = 400, 20


def noise(chance, count, correlation):
    """Returns an AR(1) process in its stationary state, with a standard deviation of 1."""
    steps = chance.normal(0, np.sqrt(1 - correlation**2), count)
    steps[0] = chance.normal()
    return signal.lfilter([1], [1, -correlation], steps)


def run(minutes, mib_per_hour, seed=1, warm_up_mib=0.0, bursts=0.0):
    """Returns the samples and cycles of a soak test that loads and unloads in every cycle."""
    chance = np.random.default_rng(seed)
    count = int(60 * minutes / CYCLE_SECONDS)
    begins = CYCLE_SECONDS * np.arange(count)
    noises = NOISE_MIB * noise(chance, count, CORRELATION)
    floor = (FLOOR_MIB + mib_per_hour * begins / 3600 + noises
             - warm_up_mib * np.exp(-begins / 180) + bursts * (chance.random(count) < 0.1))
    points = [(float(begin + second), float(low + VISIT_MIB * (second > 0)))
              for begin, low in zip(begins, floor) for second in range(int(CYCLE_SECONDS))]
    return points, [(begin, begin + CYCLE_SECONDS) for begin in begins]


class SlopeTest(unittest.TestCase):
    def coverage(self, correlation):
        """Returns the share of 95 % intervals that contain the slope, of an hour's troughs."""
        chance, held, count = np.random.default_rng(7), 0, 500
        for _ in range(REPEATS):
            values = 0.01 * np.arange(count) + noise(chance, count, correlation)
            found = slope.slope([(3600.0 * i, value) for i, value in enumerate(values)])
            held += found.low <= 0.01 <= found.high
        return held / REPEATS

    def test_interval_holds_for_correlated_samples(self):
        # Three standard errors of the simulation are 0.033.
        for correlation in (0.0, 0.5, 0.8, 0.9, 0.95):
            with self.subTest(correlation=correlation):
                self.assertGreater(self.coverage(correlation), 0.95 - 0.033)

    def test_slope_of_a_line_is_exact(self):
        found = slope.slope([(60.0 * i, 5.0 + 2.0 * i / 60) for i in range(100)])
        self.assertAlmostEqual(found.middle, 2.0, places=6)
        self.assertAlmostEqual(found.high, 2.0, places=4)

    def test_few_samples_have_no_slope(self):
        self.assertIsNone(slope.slope([(float(i), 1.0) for i in range(19)]))


class VerdictTest(unittest.TestCase):
    def verdicts(self, *arguments, **settings):
        return [soak.judge(*run(*arguments, seed=seed, **settings))["verdict"]
                for seed in range(RUNS)]

    def test_growth_of_50_mib_per_hour_fails_an_hour(self):
        self.assertEqual(set(self.verdicts(60, 50)), {"leaks"})

    def test_growth_of_30_mib_per_hour_never_passes(self):
        self.assertNotIn("passes", self.verdicts(60, 30))

    def test_an_hour_of_noise_passes(self):
        self.assertEqual(set(self.verdicts(60, 0)), {"passes"})

    def test_bursts_and_a_warm_up_pass(self):
        self.assertGreaterEqual(
            self.verdicts(60, 0, warm_up_mib=200.0, bursts=100.0).count("passes"), RUNS - 2)

    def test_short_run_never_passes(self):
        for minutes in (0.5, 5, 20, 30):
            self.assertEqual(set(self.verdicts(minutes, 0)), {"undecided"}, minutes)

    def test_certain_leak_fails_a_short_run(self):
        self.assertEqual(set(self.verdicts(5, 2000)), {"leaks"})

    def test_undecided_run_neither_passes_nor_fails(self):
        one = finding.Finding("Soak test", "load")
        one.check("it serves", True)
        soak.report_memory(one, soak.judge(*run(5, 0)))
        self.assertEqual((one.passed, one.failed, one.verdict), (False, False, "undecided"))
        self.assertEqual(len(one.open_questions()), 1)
        self.assertEqual(one.failures(), [])

    def test_leak_is_a_failure(self):
        one = finding.Finding("Soak test", "load")
        soak.report_memory(one, soak.judge(*run(60, 50)))
        self.assertEqual(one.verdict, "**FAIL**")
        self.assertIn("at most 20 MiB per hour", one.failures()[0])


if __name__ == "__main__":
    unittest.main()
