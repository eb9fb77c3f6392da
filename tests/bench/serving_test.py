"""Tests what bench/serving computes from its observations. Run it directly."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from serving import measures, mix, outcome  # noqa: E402


def stream(start, *deltas):
    return {"start": start, "deltas": list(deltas)}


class MeasuresTest(unittest.TestCase):
    def test_percentiles_are_interpolated(self):
        self.assertEqual(measures.percentile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(measures.percentile([7], 0.99), 7)
        self.assertIsNone(measures.percentile([], 0.5))

    def test_speed_is_measured_while_all_streams_decode(self):
        streams = [stream(0, (1, 1), (3, 2), (5, 4)), stream(0, (2, 1), (4, 8), (9, 16))]
        window = measures.decoding_window(streams)
        self.assertEqual(window, (2, 5))
        self.assertEqual(measures.tokens_per_second(streams, window), (2 + 4 + 8) / 3)

    def test_gaps_are_limited_to_the_window(self):
        self.assertEqual(measures.gaps(stream(0, (1, 1), (2, 1), (4, 1), (9, 1)), 1.5, 5), [2])

    def test_slope_ignores_an_outlier(self):
        points = [(x, 3 * x) for x in range(20)]
        points[7] = (7, 1000)
        self.assertEqual(measures.slope(points), 3)


    def test_a_stream_without_tokens_is_named(self):
        for measure in (lambda: measures.first_token_seconds(stream(0)),
                        lambda: measures.decoding_window([stream(0, (1, 1)), stream(0)])):
            with self.assertRaisesRegex(measures.NoTokens, "a stream had no tokens"):
                measure()
        with self.assertRaisesRegex(measures.NoTokens, "ended before"):
            measures.tokens_per_second([stream(0, (1, 1))], (1, 1))


class MixTest(unittest.TestCase):
    def test_same_seed_generates_the_same_plan(self):
        plans = [mix.Mix(["a", "b"], seed).plan(60, 4) for seed in (1, 1, 2)]
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])

    def test_plan_contains_every_kind_of_request(self):
        entries = mix.Mix(["a", "b"], 1).plan(600, 4)
        for kind in ("probe", "cancel_after"):
            self.assertTrue(any(entry.get(kind) is not None for entry in entries), kind)
        for field in ("prompt", "chat", "raw", "sampling", "stop", "priority"):
            self.assertTrue(any(field in entry["request"] for entry in entries), field)
        self.assertEqual({entry["unary"] for entry in entries}, {True, False})

    def test_only_requested_failures_are_expected(self):
        calm, hasty = {"deadline": mix.DEADLINE_SECONDS}, {"deadline": 0.1}
        self.assertTrue(mix.is_expected(calm, "OK"))
        self.assertFalse(mix.is_expected(calm, "DEADLINE_EXCEEDED"))
        self.assertFalse(mix.is_expected(calm, "CANCELLED"))
        self.assertTrue(mix.is_expected(hasty, "DEADLINE_EXCEEDED"))
        self.assertTrue(mix.is_expected({**calm, "cancel_after": 1}, "CANCELLED"))
        self.assertFalse(mix.is_expected({**hasty, "cancel_after": 1}, "UNAVAILABLE"))


def grpc_part(speed):
    return {"1": {"local": [speed], "grpc": [speed], "ratio": 1.0, "client_cpu_share": [0.01],
                  "different_texts": 0}}


def shares_part(speed):
    one = {key: [speed] for key in ("alone", "beside", "least_stream", "most_stream")}
    return {"4 beside 4": {"a": {**one, "streams": 4, "share": 0.5}}}


class OutcomeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_partial_run_keeps_the_other_parts(self):
        outcome.write(self.folder, {"grpc": grpc_part(111), "shares": shares_part(222)},
                      "On Monday.", whole=True)
        text = outcome.write(self.folder, {"grpc": grpc_part(333)}, "On Tuesday.", whole=False)
        self.assertEqual(json.loads((self.folder / "serving.json").read_text()),
                         {"grpc": grpc_part(333), "shares": shares_part(222)})
        self.assertEqual(text, (self.folder / "serving.md").read_text())
        for expected in ("On Monday.", "(On Tuesday.)", "| 1 | 333 |", "| 222 |"):
            self.assertIn(expected, text)
        self.assertNotIn("111", text)
        self.assertEqual(
            outcome.write(self.folder, {"grpc": grpc_part(333)}, "On Tuesday.", whole=False), text)

    def test_partial_run_needs_no_earlier_run(self):
        text = outcome.write(self.folder / "new", {"grpc": grpc_part(333)}, "On Tuesday.",
                             whole=False)
        self.assertIn("| 1 | 333 |", text)

    def test_a_part_that_was_not_measured_says_why(self):
        found = {"grpc": {"not_measured": "a stream had no tokens"}, "shares": shares_part(222)}
        text = outcome.write(self.folder, found, "On Monday.", whole=True)
        self.assertIn("## Through gRPC\n\nNot measured: a stream had no tokens.", text)
        self.assertIn("| 222 |", text)
        self.assertEqual(outcome.problems(found), ["grpc: not measured: a stream had no tokens"])

    def test_wrong_memory_accounting_is_a_problem(self):
        rows = [{"model": name, "counted_mib": counted, "taken_mib": 100}
                for name, counted in (("a", 109), ("b", 111), ("c", 89))]
        found = {"residency": {"sharing": {"failures": 0}, "counted": {"rows": rows}}}
        self.assertEqual([line.split()[3] for line in outcome.problems(found)], ["b", "c"])


if __name__ == "__main__":
    unittest.main()
