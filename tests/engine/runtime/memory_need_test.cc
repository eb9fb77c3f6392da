#include "engine/runtime/memory_need.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/runtime/language_model.h"
#include "engine/runtime/scheduler/scheduler.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

// Every running request may need a row of logits in the same step.
TEST(MemoryNeedTest, LogitsAreCountedForAllRunningRequests) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.max_running = 8;
  options.max_waiting = 72;
  const auto few = LanguageModel::EstimateBytes(options);
  const auto model = LanguageModel::Load(options);
  options.max_running = 40;
  options.max_waiting = 40;
  const auto many = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(few.ok() && many.ok() && model.ok());
  EXPECT_EQ(*many - *few, int64_t{32} * 4 * (*model)->info().vocab_size);
}

// Devices copy the rows of logits that are sampled or scored.
TEST(MemoryNeedTest, CopiesOfLogitsAreCountedOffTheKernels) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.cpu_kernels = false;
  options.max_running = 8;
  options.max_waiting = 72;
  const auto few = LanguageModel::EstimateBytes(options);
  const auto model = LanguageModel::Load(options);
  options.max_running = 40;
  options.max_waiting = 40;
  const auto many = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(few.ok() && many.ok() && model.ok());
  EXPECT_EQ(*many - *few, int64_t{32} * 4 * 4 * (*model)->info().vocab_size);
}

// A regression test: the texts of Likelihood calls took memory that no budget counted.
TEST(MemoryNeedTest, TextsThatWaitAreCounted) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.max_waiting = 0;
  const auto few = LanguageModel::EstimateBytes(options);
  const auto model = LanguageModel::Load(options);
  options.max_waiting = 100;
  const auto many = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(few.ok() && many.ok() && model.ok());
  const LoadedModelInfo& info = (*model)->info();
  // A token and its score.
  EXPECT_EQ(*many - *few, int64_t{100} * (info.context_length + 2) * (4 + 16));
  // The texts and their tokens.
  EXPECT_GT(info.working_bytes, 5 * Scheduler::kMaxTextBytes);
}

}  // namespace
}  // namespace assay::engine
