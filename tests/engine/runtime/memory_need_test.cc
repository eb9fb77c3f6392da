#include "engine/runtime/memory_need.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

// Every running request may need a row of logits in the same step.
TEST(MemoryNeedTest, LogitsAreCountedForAllRunningRequests) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.max_running = 8;
  const auto few = LanguageModel::EstimateBytes(options);
  const auto model = LanguageModel::Load(options);
  options.max_running = 40;
  const auto many = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(few.ok() && many.ok() && model.ok());
  EXPECT_EQ(*many - *few, int64_t{32} * 4 * (*model)->info().vocab_size);
}

}  // namespace
}  // namespace assay::engine
