// The fixture of the run store's tests.
#ifndef ASSAY_TESTS_EVALUATOR_STORE_RUN_STORE_FIXTURE_H_
#define ASSAY_TESTS_EVALUATOR_STORE_RUN_STORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/store/run_store.h"
#include "tests/evaluator/records/records.h"
#include "tests/temp_folder.h"

namespace assay::evaluator {

// Opens a new store in a temporary folder.
class RunStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    auto opened = RunStore::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  // Records an evaluation that succeeded, with one summary.
  void BeginAndFinish(const std::string& id, const std::vector<TrackedRun>& outbox) {
    Evaluation evaluation = RunningEvaluation(id);
    ASSERT_TRUE(store_->Begin(evaluation, SomePlan()).ok());
    evaluation.state = EvaluationState::kSucceeded;
    evaluation.finished_at = evaluation.started_at + absl::Seconds(100);
    evaluation.summaries = {SomeSummary()};
    const absl::Status finished = store_->Finish(evaluation, outbox);
    ASSERT_TRUE(finished.ok()) << finished;
  }

  TempFolder folder_;
  std::string path_ = folder_ / "made/on/demand/runs.db";
  std::unique_ptr<RunStore> store_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_STORE_RUN_STORE_FIXTURE_H_
