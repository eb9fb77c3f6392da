// Exports of an evaluation for other programs.
//
// All functions are pure. Texts are unchanged except that invalid UTF-8 becomes U+FFFD (CSV changes
// more, see below). Numbers that are NaN or infinite become null, or an empty field in CSV.
#ifndef ASSAY_EVALUATOR_REPORT_EXPORTS_H_
#define ASSAY_EVALUATOR_REPORT_EXPORTS_H_

#include <string>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

// Returns one line per sample with every field. This is the exact record. Times are UTC, RFC 3339.
// "judgments" are those that involve the sample.
std::string SamplesJsonl(const ReportInput& input);

// Returns CSV by RFC 4180: CR LF line ends, a header, fields quoted where necessary. There is one
// column per scorer, one per part of a score ("assay", "assay/structure"), and one per judge
// ("judge/<name>": the share of the sample's decided pairs that it wins; a tie counts half). The
// format is for people with spreadsheets, so text fields (text, error, ids, names) that begin with
// = + - @ tab or CR get an apostrophe in front, which keeps a spreadsheet from evaluating what a
// model wrote. Control characters become U+FFFD. Programs should read the JSONL.
std::string SamplesCsv(const ReportInput& input);

// Returns everything except the texts (of samples, prompts and tasks): the plan, summaries,
// analysis, technical metrics, reliability, dimensions, tasks, economics and judgments. "schema" is
// 2.
std::string ResultsJson(const ReportInput& input);

// Returns the "judgments" of ResultsJson() alone.
std::string JudgmentsExport(const ReportInput& input);

// Returns the format of lm_eval's results_<date>.json (0.4.x), with the rows of its
// samples_<task>_<date>.jsonl under "samples". The tasks are the known-answer tasks
// (multiple_choice, loglikelihood_rolling) and, per content type, "assay_<content type>"
// (generate_until) with the metric "quality". With one candidate the result is that file, with
// several it is {"candidates": {name: file}}. lm_eval's is_greedy in `resps` is unknown (null).
std::string LmEvalResultsJson(const ReportInput& input);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_EXPORTS_H_
