// Tests of evaluator/run/job_records.
#include "evaluator/run/job_records.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/evaluator/records/records.h"
#include "tests/evaluator/store/empty_run_store.h"

namespace assay::evaluator {
namespace {

class FullStore final : public EmptyRunStore {
 public:
  absl::Status AddSample(std::string_view /*id*/, const Sample& /*sample*/) override {
    return absl::ResourceExhaustedError("disk full");
  }
};

TaskAnswer Answer(const std::string& item, const std::string& revision = "") {
  return {.model = "m1", .task = "facts", .item_id = item, .revision = revision};
}

TEST(JobRecordsTest, KnowsRecordedAndAddedRecords) {
  EmptyRunStore store;
  JobRecords records(&store, "ev-1",
                     {.samples = {SomeSample("m1", "p1")}, .answers = {Answer("q1")}});
  EXPECT_TRUE(records.HasSample("m1", "p1", 3));
  EXPECT_TRUE(records.HasAnswer("m1", "facts", "q1"));
  EXPECT_FALSE(records.HasSample("m1", "p1", 0));
  EXPECT_FALSE(records.HasSample("m1", "p2", 3));
  EXPECT_FALSE(records.HasAnswer("m1", "facts", "q2"));
  EXPECT_EQ(records.size(), 2);
  ASSERT_TRUE(records.AddSample(SomeSample("m1", "p2")).ok());
  ASSERT_TRUE(records.AddAnswer(Answer("q2")).ok());
  EXPECT_TRUE(records.HasSample("m1", "p2", 3));
  EXPECT_TRUE(records.HasAnswer("m1", "facts", "q2"));
  EXPECT_EQ(records.size(), 4);
  EXPECT_EQ(records.samples().back().prompt_id, "p2");
}

TEST(JobRecordsTest, ASampleThatCannotBeStoredIsNotAdded) {
  FullStore store;
  JobRecords records(&store, "ev-1", {});
  const absl::Status status = records.AddSample(SomeSample("m1", "p1"));
  EXPECT_EQ(status, absl::ResourceExhaustedError("a sample could not be recorded: disk full"));
  EXPECT_FALSE(records.HasSample("m1", "p1", 3));
  EXPECT_EQ(records.size(), 0);
}

TEST(JobRecordsTest, TheRevisionMustBeThatOfTheRecords) {
  EmptyRunStore store;
  Sample failed = SomeSample("m2", "p1");
  failed.error = "INTERNAL: broken";
  const JobRecords records(&store, "ev-1", {.samples = {SomeSample("m1", "p1"), failed}});
  EXPECT_TRUE(records.CheckRevision("m1", "sha256:1f0c9a7b3d21").ok());
  EXPECT_EQ(records.CheckRevision("m1", "r2"),
            absl::FailedPreconditionError("model m1 was sha256:1f0c9a7b3d21 when the evaluation "
                                          "began and is r2 now; start a new evaluation"));
  // A failed sample has no result that the revision could have influenced.
  EXPECT_TRUE(records.CheckRevision("m2", "r2").ok());
}

TEST(JobRecordsTest, WithoutSamplesTheRevisionIsThatOfTheFirstAnswerThatHasOne) {
  EmptyRunStore store;
  const JobRecords records(&store, "ev-1", {.answers = {Answer("q1"), Answer("q2", "r1")}});
  EXPECT_TRUE(records.CheckRevision("m1", "r1").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(records.CheckRevision("m1", "r2")));
}

}  // namespace
}  // namespace assay::evaluator
