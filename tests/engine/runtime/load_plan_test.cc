#include "engine/runtime/load_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

TEST(LoadPlanTest, BadOptionsAreInvalid) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  options.dtype = "int4";
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = TinyModelOptions("tiny_tied");
  options.context_length = 129;
  const absl::Status context = LanguageModel::Load(options).status();
  EXPECT_EQ(context.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(context.message(), HasSubstr("129"));
  EXPECT_THAT(context.message(), HasSubstr("128"));
  options = TinyModelOptions("tiny_tied");
  options.kv_cache = "int4";
  EXPECT_THAT(LanguageModel::Load(options).status().message(), HasSubstr("kv_cache \"int4\""));
  options.kv_cache = "int8";
  options.cpu_kernels = false;
  const absl::Status elsewhere = LanguageModel::Load(options).status();
  EXPECT_EQ(elsewhere.code(), absl::StatusCode::kUnimplemented) << elsewhere;
  EXPECT_THAT(elsewhere.message(), HasSubstr("the CPU's kernels only"));
  options = TinyModelOptions("no_such_model");
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay::engine
