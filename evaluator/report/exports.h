// An evaluation as data for other programs. Pure functions; the texts are never altered but for
// invalid UTF-8, which becomes U+FFFD (CSV says more). No NaN and no infinity: such a number is
// null, an empty field in CSV.
#ifndef ASSAY_EVALUATOR_REPORT_EXPORTS_H_
#define ASSAY_EVALUATOR_REPORT_EXPORTS_H_

#include <string>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// One sample a line, every field: the exact record. Times in UTC, RFC 3339.
std::string SamplesJsonl(const ReportInput& input);

// RFC 4180: CR LF, a header, fields quoted where they must be; one column for each scorer's overall
// and for each of its parts ("assay", "assay/structure"). For people with spreadsheets: a text
// column (text, error, ids, names) that begins with = + - @ tab or CR gets an apostrophe before it,
// so that no spreadsheet computes what a model wrote; control characters become U+FFFD. Programs
// read the JSONL.
std::string SamplesCsv(const ReportInput& input);

// Everything but the texts (of samples, prompts, tasks): the plan, summaries, analysis, technical
// figures, reliability, dimensions, tasks, economics. "schema": 2.
std::string ResultsJson(const ReportInput& input);

// As lm_eval's results_<date>.json (0.4.x), with the samples as in its samples_<task>_<date>.jsonl
// under "samples". Tasks are the known-answer tasks (multiple_choice, loglikelihood_rolling) and
// one "assay_<content type>" (generate_until) with the metric "quality" for each content type. One
// candidate: that file. Several: {"candidates": {name: file}}. Of lm_eval's fields we do not know:
// is_greedy in `resps` (null).
std::string LmEvalResultsJson(const ReportInput& input);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_EXPORTS_H_
