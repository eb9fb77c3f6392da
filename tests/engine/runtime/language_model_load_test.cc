// Tests of LanguageModel::Load(): its memory, and how soon a model that cannot be loaded is
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/resident_memory.h"
#include "tests/engine/runtime/synthetic_models.h"
#include "tests/engine/runtime/tiny_models.h"
#include "tests/temp_folder.h"

namespace assay::engine {
namespace {

using ::testing::HasSubstr;

using LanguageModelLoadTest = SyntheticModelTest;

TEST(LanguageModelLoadOptionsTest, CancelledLoadEnds) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  int polls = 0;
  options.context = CallContext([&] { return ++polls == 3; });
  EXPECT_EQ(LanguageModel::Load(options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(polls, 3);
}

TEST(LanguageModelLoadOptionsTest, ProgressRisesToOne) {
  LoadOptions options = TinyModelOptions("tiny_tied");
  double last = -1.0;
  options.progress = [&](std::string_view, double fraction) {
    EXPECT_GE(fraction, last);
    last = fraction;
  };
  ASSERT_TRUE(LanguageModel::Load(options).ok());
  EXPECT_EQ(last, 1.0);
}

// A regression test: libtorch's 8-bit product read beyond rows of 42 elements, and the process
// crashed.
TEST(LanguageModelLoadOptionsTest, MatricesWithOddRowsAreNotQuantized) {
  LoadOptions options = TinyModelOptions("tiny_odd");
  const auto plain = LanguageModel::Load(options);
  options.weights = "int8";
  const auto quantized = LanguageModel::Load(options);
  ASSERT_TRUE(plain.ok() && quantized.ok());
  EXPECT_EQ((*plain)->Logits({{1, 2, 3}}).value(), (*quantized)->Logits({{1, 2, 3}}).value());
}

// Returns `file` with the first `from` replaced by `to`, which must have the same length.
std::string Replaced(std::string file, const std::string& from, const std::string& to) {
  const size_t at = file.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return file.replace(at, from.size(), to);
}

class DamagedModelTest : public ::testing::Test {
 protected:
  absl::Status LoadWith(const std::string& from, const std::string& to) {
    std::ifstream in(std::string(kTinyModels) + "tiny_tied.gguf", std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), {});
    LoadOptions options = TinyModelOptions("tiny_tied");
    const TempFolder folder;
    options.path = folder.Write("damaged.gguf", Replaced(good, from, to));
    return LanguageModel::Load(options).status();
  }
};

// Returns the bytes of a key and its value in the file: name, type uint32, value.
std::string Uint32Entry(const std::string& key, char value) {
  return key + std::string("\x04\0\0\0", 4) + value + std::string(3, '\0');
}

TEST_F(DamagedModelTest, OtherArchitectureIsUnimplementedAndNamed) {
  const absl::Status status = LoadWith("llama", "gemma");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(status.message(), HasSubstr("gemma"));
}

TEST_F(DamagedModelTest, MissingTensorIsNamed) {
  const absl::Status status = LoadWith("blk.1.ffn_up.weight", "blk.1.ffn_xx.weight");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("blk.1.ffn_up.weight"));
}

TEST_F(DamagedModelTest, MisshapenTensorIsNamedWithBothShapes) {
  const absl::Status status = LoadWith(Uint32Entry("llama.feed_forward_length", 96),
                                       Uint32Entry("llama.feed_forward_length", 64));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("ffn_gate.weight' has shape [96, 64]"));
  EXPECT_THAT(status.message(), HasSubstr("[64, 64]"));
}

TEST_F(DamagedModelTest, IndivisibleHeadsAreRefused) {
  const absl::Status status = LoadWith(Uint32Entry("llama.attention.head_count_kv", 2),
                                       Uint32Entry("llama.attention.head_count_kv", 3));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("4 heads do not divide among 3"));
}

TEST_F(DamagedModelTest, MissingKeyIsNamed) {
  const absl::Status status = LoadWith("llama.block_count", "llama.block_xxxxx");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(status.message(), HasSubstr("llama.block_count is missing"));
}

TEST_F(DamagedModelTest, UnusedTensorIsRefused) {
  const absl::Status status =
      LoadWith(Uint32Entry("llama.block_count", 2), Uint32Entry("llama.block_count", 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(status.message(), HasSubstr("blk.1."));
}

#ifdef __linux__

constexpr char kSmolLm[] = "var/models/smollm2-135m-instruct-q4_1.gguf";

// Returns the resident bytes after malloc has returned its cache to the system.
int64_t TrimmedResidentBytes() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return ResidentBytes();
}

// A regression test: staging memory stayed in malloc's arenas until the end of the load, a piece
// for each matrix.
void ExpectNoSecondCopy(const LoadOptions& options) {
  SCOPED_TRACE(options.path + " " + options.weights);
  // The first load allocates memory of the libraries.
  ASSERT_TRUE(LanguageModel::Load(options).ok());
  const int64_t before = TrimmedResidentBytes();
  ResetPeak();
  auto model = LanguageModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  const int64_t peak = PeakResidentBytes() - before;
  const int64_t resident = TrimmedResidentBytes() - before;
  const int64_t weights = (*model)->info().weight_bytes;
  EXPECT_GT(resident, weights * 9 / 10);
  EXPECT_LT(peak, resident * 115 / 100) << "resident " << resident;
  model->reset();
  if (!kFreedMemoryIsReturned) return;
  EXPECT_LT(TrimmedResidentBytes() - before, weights / 8);
}

TEST_F(LanguageModelLoadTest, NoSecondCopyOfConvertedWeights) {
  if (!std::filesystem::exists(kSmolLm)) GTEST_SKIP() << kSmolLm << " is absent: run make setup";
  options_.path = kSmolLm;
  for (const char* weights : {"int8", "int4", "full"}) {
    options_.weights = weights;
    ExpectNoSecondCopy(options_);
  }
}

TEST_F(LanguageModelLoadTest, NoSecondCopyOfKQuants) {
  const std::vector<Shape> shapes = LlamaShapes(12, 1024, 3072);
  WriteLlama(12, 1024, 3072, shapes);
  ExpectNoSecondCopy(options_);
}

TEST_F(LanguageModelLoadTest, NoSecondCopyOfTransposedMatrices) {
  WriteGpt2(10, 1024, Gpt2Shapes(10, 1024));
  for (const char* weights : {"auto", "int8"}) {
    options_.weights = weights;
    ExpectNoSecondCopy(options_);
  }
}

#endif

// Regression tests: these models were refused only after all weights before the problem had been
// read, which took seconds.
class RefusedLoadTest : public SyntheticModelTest {
 protected:
  // 2.4 GB.
  static constexpr int64_t kLayers = 48;
  static constexpr int64_t kHidden = 1024;

  // Changes a tensor of the last layer, which is read last.
  void WriteWith(const std::function<void(Shape& last)>& change, const std::string& dtype = "F32") {
    std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
    change(shapes[shapes.size() - 2]);
    WriteGpt2(kLayers, kHidden, shapes, dtype);
  }
};

TEST_F(RefusedLoadTest, MissingTensor) {
  WriteWith([](Shape& last) { last.name = "h.47.mlp.c_prj.weight"; });
  ExpectRefusedAtOnce(absl::StatusCode::kDataLoss,
                      "tensor 'h.47.mlp.c_proj.weight' of shape [4096, 1024] is missing");
}

TEST_F(RefusedLoadTest, WrongShape) {
  WriteWith([](Shape& last) { last.sizes = {1024, 4096}; });
  ExpectRefusedAtOnce(absl::StatusCode::kDataLoss,
                      "tensor 'h.47.mlp.c_proj.weight' has shape [1024, 4096]; the model's "
                      "configuration requires [4096, 1024]");
}

TEST_F(RefusedLoadTest, UnusedTensor) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"h.47.adapter.weight", {8}});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'h.47.adapter.weight' belongs to");
}

// A regression test: the factors were taken for those of Llama 3, and the model has no rotated
// dimension: a division by zero.
TEST_F(RefusedLoadTest, RopeFactorsOfAModelWithoutRotation) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"rope_freqs.weight", {0}});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'rope_freqs.weight' belongs to");
}

// A regression test: such tensors were silently ignored.
TEST_F(RefusedLoadTest, UnusedTensorOfAnUnsupportedType) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"h.0.attn.q_proj.bias", {8}, "F64"});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'h.0.attn.q_proj.bias' belongs to");
}

TEST_F(LanguageModelLoadTest, RecomputedTablesMayHaveAnyType) {
  std::vector<Shape> shapes = Gpt2Shapes(1, 64);
  shapes.push_back({"h.0.attn.bias", {1, 1, 64, 64}, "BOOL"});
  WriteGpt2(1, 64, shapes);
  const auto model = LanguageModel::Load(options_);
  EXPECT_TRUE(model.ok()) << model.status();
}

// A regression test: the likelihoods were NaN and the status OK.
TEST_F(LanguageModelLoadTest, NonFiniteLogitsAreAnErrorOfScoring) {
  WriteLlama(1, 256, 256, LlamaShapes(1, 256, 256), kF32);
  // The last weight of the last projection.
  constexpr int kLast = -4;
  std::fstream file(options_.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kLast, std::ios::end);
  file << "\xff\xff\xff\xff" << std::flush;
  const std::vector<TokenId> tokens = {0, 1, 2};
  for (const bool kernels : {true, false}) {
    options_.cpu_kernels = kernels;
    options_.weights = "full";
    const auto model = LanguageModel::Load(options_);
    ASSERT_TRUE(model.ok()) << model.status();
    const absl::Status status = (*model)->ScoreTokens(tokens, 1, CallContext()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the logits are not finite"));
  }
}

TEST_F(RefusedLoadTest, MoreLayersThanTheFileHas) {
  WriteGpt2(kLayers + 1, kHidden, Gpt2Shapes(kLayers, kHidden));
  ExpectRefusedAtOnce(absl::StatusCode::kDataLoss, "tensor 'h.48.ln_1.weight'");
}

TEST_F(RefusedLoadTest, UnsupportedTypeOfAFolder) {
  WriteWith([](Shape&) {}, "I32");
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented,
                      "tensor 'wte.weight' is stored as I32: I32 tensors are not supported");
}

TEST_F(RefusedLoadTest, UnsupportedTypeOfAGgufFileIsNamed) {
  constexpr uint32_t kIq2Xxs = 16;
  // The blocks of this type are smaller, so that the file is longer than its tensors.
  WriteLlama(2, 1024, 3072, LlamaShapes(2, 1024, 3072), kIq2Xxs);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented,
                      "tensor 'token_embd.weight' is stored as IQ2_XXS");
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  const auto unread = std::find_if(inspection->types.begin(), inspection->types.end(),
                                   [](const StoredShare& share) { return !share.is_read; });
  ASSERT_NE(unread, inspection->types.end());
  EXPECT_EQ(unread->type, "IQ2_XXS");
  EXPECT_EQ(unread->tensors, 16);
  EXPECT_GT(inspection->parameter_count, unread->parameters);
}

TEST_F(RefusedLoadTest, SizesBeyondAnyFileAllocateNothing) {
  WriteGpt2(kLayers, 1 << 20, Gpt2Shapes(1, 64));
  ExpectRefusedAtOnce(absl::StatusCode::kDataLoss, "tensor 'wte.weight' has shape [320, 64]");
}

TEST_F(RefusedLoadTest, MissingTokenizerIsDataLoss) {
  WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  std::filesystem::remove(folder_ + "/tokenizer.json");
  const absl::StatusOr<ModelInspection> inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  for (const absl::Status& status : {LanguageModel::Load(options_).status(), inspection->loads}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("has no tokenizer.json"));
  }
}

TEST_F(RefusedLoadTest, FoldersWithoutAModel) {
  EXPECT_EQ(LanguageModel::Load(options_).status().code(), absl::StatusCode::kDataLoss);
  std::ofstream(folder_ + "/b.gguf") << "GGUF";
  const absl::Status files = LanguageModel::Load(options_).status();
  EXPECT_EQ(files.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(files.message()), HasSubstr("give one of them: b.gguf"));
  WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  std::filesystem::remove(folder_ + "/model.safetensors");
  const absl::Status weights = LanguageModel::Load(options_).status();
  EXPECT_EQ(weights.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(weights.message()), HasSubstr("has neither model.safetensors nor"));
  options_.path = folder_ + "/nowhere";
  EXPECT_EQ(LanguageModel::Load(options_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay::engine
