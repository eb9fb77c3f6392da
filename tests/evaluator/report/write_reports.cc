// write_reports FOLDER writes the reports and exports of synthetic evaluations into a folder, for
// report_parse_test.py and for viewing in a browser.
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/report.h"
#include "tests/evaluator/report/made_up_study.h"

namespace assay::evaluator {
namespace {

void Write(const std::string& folder, const std::string& name, const Study& study) {
  const std::vector<std::pair<std::string, std::function<std::string(const ReportInput&)>>> kinds =
      {{".html", HtmlReport}, {".md", MarkdownReport}, {".jsonl", SamplesJsonl},
       {".csv", SamplesCsv},  {".json", ResultsJson},  {".lm_eval.json", LmEvalResultsJson}};
  for (const auto& [extension, make] : kinds) {
    const auto start = std::chrono::steady_clock::now();
    const std::string text = make(study.Input());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::ofstream(absl::StrCat(folder, "/", name, extension), std::ios::binary) << text;
    std::cout << name << extension << ": " << text.size() << " bytes, " << took.count() << " s\n";
  }
}

Study AllFailed() {
  Study study = MadeUpStudy({.candidates = 1});
  study.evaluation.state = EvaluationState::kFailed;
  study.evaluation.error = "NOT_FOUND: no model could be loaded";
  study.evaluation.analysis = {};
  study.answers.clear();
  return study;
}

Study Formula() {
  Study study = SmallestStudy();
  study.samples[0].generation.text = "=HYPERLINK(\"http://x\",\"y\")";
  study.samples[0].revision = "@x";
  study.samples[0].prompt_id = "+1";
  return study;
}

}  // namespace
}  // namespace assay::evaluator

int main(int argc, char** argv) {
  using namespace assay::evaluator;  // NOLINT(google-build-using-namespace)
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  Write(folder, "study", MadeUpStudy({}));
  Write(folder, "empty", Study());
  Write(folder, "failed", AllFailed());
  Write(folder, "smallest", SmallestStudy());
  Write(folder, "hostile", HostileStudy());
  Write(folder, "formula", Formula());
  Write(folder, "large", MadeUpStudy({.candidates = 10, .prompts_per_type = 100, .repeats = 5}));
  Write(folder, "many", MadeUpStudy({.candidates = 40, .prompts_per_type = 2, .repeats = 1}));
}
