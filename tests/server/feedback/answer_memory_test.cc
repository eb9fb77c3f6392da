#include "server/feedback/answer_memory.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"
#include "tests/server/events/request_record.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

const absl::Duration kPatience = Patience();

class AnswerMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = evaluator::FeedbackStore::Open(folder_ / "runs.db", {});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  static evaluator::ServedAnswer Answer(const std::string& id) {
    return {.request_id = id, .model = "a", .answered_at = absl::Now()};
  }

  int64_t Stored() {
    int64_t answers = 0;
    const auto all = store_->Totals({});
    if (!all.ok()) return -1;
    for (const evaluator::FeedbackTotals& totals : *all) answers += totals.answers;
    return answers;
  }

  TempFolder folder_;
  std::unique_ptr<evaluator::FeedbackStore> store_;
};

TEST_F(AnswerMemoryTest, AnswersOfManyThreadsAreStoredAfterAFlush) {
  AnswerMemory memory(store_.get(), {.batch_interval = absl::Hours(1)});
  constexpr int kThreads = 4;
  constexpr int kAnswers = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&memory, t] {
      for (int i = 0; i < kAnswers; ++i) memory.Remember(Answer(absl::StrCat(t, "-", i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  memory.Flush(kPatience);
  EXPECT_EQ(Stored(), kThreads * kAnswers);
  EXPECT_EQ(memory.forgotten(), 0);
}

TEST_F(AnswerMemoryTest, AFullQueueDropsAndCounts) {
  AnswerMemory memory(store_.get(), {.queue_size = 10, .batch_interval = absl::Hours(1)});
  for (int i = 0; i < 25; ++i) memory.Remember(Answer(absl::StrCat(i)));
  EXPECT_EQ(memory.forgotten(), 15);
  memory.Flush(kPatience);
  EXPECT_EQ(Stored(), 10);
}

TEST_F(AnswerMemoryTest, AFlushOfOneRequestOnlyWaitsForThatRequest) {
  AnswerMemory memory(store_.get(), {.batch_interval = absl::Hours(1)});
  memory.Remember(Answer("r-1"));
  memory.FlushRequest("r-2", kPatience);
  EXPECT_EQ(Stored(), 0);
  memory.FlushRequest("r-1", kPatience);
  EXPECT_EQ(Stored(), 1);
}

TEST_F(AnswerMemoryTest, TheEndWritesWhatWaits) {
  {
    AnswerMemory memory(store_.get(), {.batch_interval = absl::Hours(1)});
    memory.Remember(Answer("r-1"));
  }
  EXPECT_EQ(Stored(), 1);
}

TEST(ToAnswerTest, KeepsNeitherTextNorKey) {
  SomeRequest request;
  request.call.routing_key = "customer-7";
  request.record.revision = "sha256:1";
  const evaluator::ServedAnswer answer = ToAnswer(request.record);
  EXPECT_EQ(answer.request_id, "r-1");
  EXPECT_EQ(answer.model, "m1");
  EXPECT_EQ(answer.revision, "sha256:1");
  EXPECT_EQ(answer.content_type, "linkedin");
  EXPECT_EQ(answer.rule, "fixed");
  EXPECT_EQ(answer.answered_at, request.record.arrival + request.record.duration);
  // printf customer-7 | sha256sum
  EXPECT_EQ(answer.key_hash, "acade5fe58d0b5a8");
  EXPECT_EQ(answer.key_hash.find("customer"), std::string::npos);
  request.call.routing_key.clear();
  EXPECT_EQ(ToAnswer(request.record).key_hash, "");
}

}  // namespace
}  // namespace assay::server
