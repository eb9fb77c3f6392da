"""Checks reports and exports with independent parsers: report_parse_test.py WRITE_REPORTS.

WRITE_REPORTS is the path of the program that writes them.
"""
import csv
import html.parser
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

VOID = {"meta", "wbr", "br", "img", "link", "input", "hr"}
STUDIES = ["study", "empty", "failed", "smallest", "hostile", "many"]
FOLDER = pathlib.Path()


class Page(html.parser.HTMLParser):
    """Checks that every tag is closed in order, and collects tags, ids, links and text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.errors, self.tags, self.ids, self.links, self.text = [], [], {}, [], [], []
        self.rows = []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attributes:
            if name.startswith("on"):
                self.errors.append(f"{name} on {tag}")
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
        if tag == "svg" and not dict(attributes).get("aria-label"):
            self.errors.append("an svg without an aria-label")
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        self.text.append(data)


def read(name):
    """Returns the file's text; raises an exception if it is not valid UTF-8."""
    return (FOLDER / name).read_bytes().decode("utf-8")


def assert_finite(value):
    if isinstance(value, float):
        assert math.isfinite(value)
    children = value.values() if isinstance(value, dict) else value
    for child in children if isinstance(value, (dict, list)) else []:
        assert_finite(child)


def reject_constant(constant):
    raise ValueError(constant)


def strict_json(text):
    value = json.loads(text, parse_constant=reject_constant)
    assert_finite(value)
    return value


class Html(unittest.TestCase):
    def test_is_well_formed(self):
        for study in STUDIES:
            with self.subTest(study):
                page = Page()
                page.feed(read(study + ".html"))
                page.close()
                self.assertEqual(page.errors, [])
                self.assertEqual(page.open, [])
                self.assertEqual(len(set(page.ids)), len(page.ids))
                for link in page.links:
                    self.assertIn(link.removeprefix("#"), page.ids)
                allowed = ("html head meta title style body main h1 h2 h3 h4 ul li nav a section p "
                           "div table thead tbody tr th td wbr details summary figure figcaption "
                           "svg g line rect circle polygon text pre")
                self.assertLessEqual(set(page.tags), set(allowed.split()))
                self.assertEqual(page.tags["main"], 1)

    def test_rows_of_a_table_have_equal_length(self):
        for study in STUDIES:
            for table in re.findall(r"<table.*?</table>", read(study + ".html"), re.S):
                page = Page()
                page.feed(table)
                self.assertEqual(len(set(page.rows)), 1, table[:300])

    def test_the_study_has_its_charts(self):
        page = Page()
        page.feed(read("study.html"))
        # Panels: all types and six types; three distributions; three of scaling; memory; cost and
        # latency.
        self.assertEqual(page.tags["svg"], 7 + 3 + 3 + 1 + 2)

    def test_texts_are_unchanged(self):
        page = Page()
        page.feed(read("study.html"))
        self.assertIn('Our team\'s "growth" strategy', "".join(page.text))
        hostile = Page()
        hostile.feed(read("hostile.html"))
        self.assertIn("</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>"
                      "\"' | `a` ```", "".join(hostile.text))


class Markdown(unittest.TestCase):
    def lines_outside_fences(self, text):
        fence = None
        for line in text.split("\n"):
            marks = re.match(r"`{3,}", line)
            if fence is None and marks:
                fence = marks.group()
            elif fence is not None and line == fence:
                fence = None
            elif fence is None:
                yield line
        self.assertIsNone(fence)

    def test_tables_are_well_formed(self):
        for study in STUDIES:
            with self.subTest(study):
                columns, tables = None, 0
                for line in self.lines_outside_fences(read(study + ".md")):
                    if not line.startswith("|"):
                        columns = None
                        continue
                    cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1
                    if columns is None:
                        columns, tables = cells, tables + 1
                    self.assertEqual(cells, columns, line[:200])
                self.assertGreaterEqual(tables, 1)

    def test_no_html_outside_fences(self):
        for study in STUDIES:
            for line in self.lines_outside_fences(read(study + ".md")):
                self.assertNotIn("<", line)


class Samples(unittest.TestCase):
    def test_csv_and_jsonl_agree(self):
        for study in STUDIES:
            with self.subTest(study):
                samples = [strict_json(line) for line in read(study + ".jsonl").splitlines()]
                with open(FOLDER / (study + ".csv"), newline="", encoding="utf-8") as file:
                    rows = list(csv.DictReader(file, strict=True))
                self.assertEqual(len(rows), len(samples))
                for row, sample in zip(rows, samples):
                    self.assertNotIn(None, row)
                    for name in ("total_ms", "cost_usd", "quality_score", "repeat",
                                 "memory_after_bytes"):
                        self.assertEqual(float(row[name]) if row[name] else None, sample[name])
                    if study != "hostile":
                        self.assertEqual(row["text"], sample["text"])
                        self.assertEqual(row["error"], sample["error"] or "")
                        for score in sample["scores"]:
                            self.assertEqual(float(row[score["scorer"]]), score["overall"])
                            for part, value in score["parts"].items():
                                self.assertEqual(float(row[f"{score['scorer']}/{part}"]), value)

    def test_lines_end_as_in_rfc_4180(self):
        text = (FOLDER / "study.csv").read_bytes()
        self.assertTrue(text.endswith(b"\r\n"))
        self.assertEqual(text.split(b"\r\n")[0].count(b"\n"), 0)

    def test_no_field_is_a_formula(self):
        for study in ("hostile", "formula"):
            with open(FOLDER / (study + ".csv"), newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    for name in ("model", "text", "error", "prompt_id", "revision"):
                        self.assertNotIn(row[name][:1], ("=", "+", "-", "@", "\t"))
        with open(FOLDER / "formula.csv", newline="", encoding="utf-8") as file:
            self.assertEqual(next(csv.DictReader(file))["text"], "'=HYPERLINK(\"http://x\",\"y\")")


class Results(unittest.TestCase):
    def test_json_is_strict_and_has_no_texts(self):
        for study in STUDIES:
            with self.subTest(study):
                results = strict_json(read(study + ".json"))
                self.assertEqual(results["schema"], 2)
        text = read("study.json")
        self.assertNotIn("strategy, piece", text)
        self.assertNotIn("piece about topic", text)
        results = json.loads(text)
        self.assertEqual(len(results["summaries"]), 42)
        self.assertEqual(len(results["candidates"]), 6)
        self.assertEqual(results["order_seed"], "18000000000000000001")
        self.assertEqual(results["candidates"][5]["success"]["rate"], 0)
        self.assertIsNone(results["candidates"][5]["latency_ms"])

    def test_lm_eval_has_its_fields(self):
        files = strict_json(read("study.lm_eval.json"))["candidates"]
        self.assertEqual(len(files), 6)
        file = files["smollm2_135m"]
        for key in ("results", "configs", "versions", "n-shot", "higher_is_better", "n-samples",
                    "config", "date", "git_hash", "task_hashes", "total_evaluation_time_seconds",
                    "model_name"):
            self.assertIn(key, file)
        facts = file["results"]["facts"]
        rows = file["samples"]["facts"]
        right = [row["acc"] for row in rows]
        n = len(right)
        mean = sum(right) / n
        self.assertAlmostEqual(facts["acc,none"], mean, 12)
        error = math.sqrt(sum((x - mean) ** 2 for x in right) / (n - 1)) / math.sqrt(n)
        self.assertAlmostEqual(facts["acc_stderr,none"], error, 12)
        self.assertEqual(file["n-samples"]["facts"], {"original": 40, "effective": 40})
        for key in ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter",
                    "metrics", "doc_hash", "prompt_hash", "target_hash", "acc"):
            self.assertIn(key, rows[0])
        novel = file["results"]["novel"]
        self.assertAlmostEqual(novel["word_perplexity,none"], math.exp(12.5 / 4), 9)
        self.assertAlmostEqual(novel["byte_perplexity,none"], math.exp(12.5 / 17), 9)
        self.assertAlmostEqual(novel["bits_per_byte,none"], 12.5 / 17 / math.log(2), 9)
        quality = file["results"]["assay_linkedin"]
        # The repeats of a prompt are one cluster, because they are not independent.
        by_prompt = {}
        for row in file["samples"]["assay_linkedin"]:
            by_prompt.setdefault(row["doc"]["id"], []).append(row["quality"])
        scores = [score for group in by_prompt.values() for score in group]
        mean = sum(scores) / len(scores)
        self.assertAlmostEqual(quality["quality,none"], mean, 12)
        groups = len(by_prompt)
        self.assertLess(groups, len(scores))
        squares = sum(sum(x - mean for x in group) ** 2 for group in by_prompt.values())
        error = math.sqrt(groups / (groups - 1) * squares) / len(scores)
        self.assertAlmostEqual(quality["quality_stderr,none"], error, 12)
        self.assertIn("results", strict_json(read("smallest.lm_eval.json")))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FOLDER = pathlib.Path(folder)
        subprocess.run([sys.argv.pop(1), folder], check=True, stdout=subprocess.DEVNULL)
        unittest.main(exit=False).result.wasSuccessful() or sys.exit(1)
