// What loading a model costs, and how soon one that cannot be loaded is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kSmolLm[] = "var/models/smollm2-135m-instruct-q4_1.gguf";
constexpr int64_t kVocab = 320;
constexpr uint32_t kQ4Elements = 256;
constexpr uint32_t kQ4Bytes = 144;

struct Shape {
  std::string name;
  std::vector<int64_t> sizes;
  // The file's own where empty.
  std::string dtype = "";
  int64_t elements() const {
    int64_t count = 1;
    for (const int64_t size : sizes) count *= size;
    return count;
  }
};

// Files of zeros that take no room on the disk: what is read, and how much, is as with others.
class LoadingTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = absl::StrCat(testing::TempDir(), "/loading_", getpid());
    std::filesystem::create_directories(folder_);
    options_.path = folder_;
    options_.device = *ResolveDevice("cpu");
    options_.context_length = 64;
    options_.cache_tokens = 64;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::vector<Shape> Gpt2Shapes(int64_t layers, int64_t hidden) {
    std::vector<Shape> shapes = {{"wte.weight", {kVocab, hidden}},
                                 {"wpe.weight", {64, hidden}},
                                 {"ln_f.weight", {hidden}},
                                 {"ln_f.bias", {hidden}}};
    for (int64_t i = 0; i < layers; ++i) {
      const std::string layer = absl::StrCat("h.", i, ".");
      for (Shape shape : std::vector<Shape>{{"ln_1.weight", {hidden}},
                                            {"ln_1.bias", {hidden}},
                                            {"attn.c_attn.weight", {hidden, 3 * hidden}},
                                            {"attn.c_attn.bias", {3 * hidden}},
                                            {"attn.c_proj.weight", {hidden, hidden}},
                                            {"attn.c_proj.bias", {hidden}},
                                            {"ln_2.weight", {hidden}},
                                            {"ln_2.bias", {hidden}},
                                            {"mlp.c_fc.weight", {hidden, 4 * hidden}},
                                            {"mlp.c_fc.bias", {4 * hidden}},
                                            {"mlp.c_proj.weight", {4 * hidden, hidden}},
                                            {"mlp.c_proj.bias", {hidden}}}) {
        shape.name = layer + shape.name;
        shapes.push_back(std::move(shape));
      }
    }
    return shapes;
  }

  // A folder of GPT-2, whose matrices lie transposed, in fp32.
  void WriteGpt2(int64_t layers, int64_t hidden, const std::vector<Shape>& shapes,
                 const std::string& dtype = "F32") const {
    const json config = {{"model_type", "gpt2"}, {"n_layer", layers}, {"n_embd", hidden},
                         {"n_head", 8},          {"n_positions", 64}, {"vocab_size", kVocab}};
    const json tokenizer = {
        {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}}}, {"merges", json::array()}}}};
    std::ofstream(folder_ + "/config.json") << config;
    std::ofstream(folder_ + "/tokenizer.json") << tokenizer;
    json header = json::object();
    int64_t offset = 0;
    for (const Shape& shape : shapes) {
      const int64_t end = offset + 4 * shape.elements();
      header[shape.name] = {{"dtype", shape.dtype.empty() ? dtype : shape.dtype},
                            {"shape", shape.sizes},
                            {"data_offsets", {offset, end}}};
      offset = end;
    }
    const std::string text = header.dump();
    const uint64_t size = text.size();
    const std::string path = folder_ + "/model.safetensors";
    std::ofstream(path, std::ios::binary)
        << std::string(reinterpret_cast<const char*>(&size), sizeof(size)) << text;
    std::filesystem::resize_file(path, sizeof(size) + text.size() + static_cast<size_t>(offset));
  }

  static std::vector<Shape> LlamaShapes(int64_t layers, int64_t hidden, int64_t width) {
    std::vector<Shape> shapes = {{"token_embd.weight", {kVocab, hidden}},
                                 {"output_norm.weight", {hidden}},
                                 {"output.weight", {kVocab, hidden}}};
    for (int64_t i = 0; i < layers; ++i) {
      const std::string layer = absl::StrCat("blk.", i, ".");
      for (Shape shape : std::vector<Shape>{{"attn_norm.weight", {hidden}},
                                            {"attn_q.weight", {hidden, hidden}},
                                            {"attn_k.weight", {hidden, hidden}},
                                            {"attn_v.weight", {hidden, hidden}},
                                            {"attn_output.weight", {hidden, hidden}},
                                            {"ffn_norm.weight", {hidden}},
                                            {"ffn_gate.weight", {width, hidden}},
                                            {"ffn_up.weight", {width, hidden}},
                                            {"ffn_down.weight", {hidden, width}}}) {
        shape.name = layer + shape.name;
        shapes.push_back(std::move(shape));
      }
    }
    return shapes;
  }

  // Matrices in Q4_K, which the CPU's kernels do not read as they are. type: of all matrices.
  void WriteLlama(int64_t layers, int64_t hidden, int64_t width, const std::vector<Shape>& shapes,
                  uint32_t type = kQ4K, const std::string& name = "model",
                  const std::string& chat_template = "{{ messages }}") {
    constexpr uint64_t kKeys = 12;
    Bytes bytes = Bytes::Header(shapes.size(), kKeys);
    bytes.Key("general.architecture", kString).String("llama");
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, int64_t>>{{"block_count", layers},
                                                      {"embedding_length", hidden},
                                                      {"feed_forward_length", width},
                                                      {"attention.head_count", 8},
                                                      {"context_length", 64}}) {
      bytes.Key("llama." + key, kUint32).Put(static_cast<uint32_t>(value));
    }
    bytes.Key("llama.attention.layer_norm_rms_epsilon", kFloat32).Put(1e-5F);
    bytes.Key("tokenizer.ggml.model", kString).String("gpt2");
    bytes.Strings("tokenizer.ggml.tokens", {"a", "b", "ab"});
    bytes.Strings("tokenizer.ggml.merges", {"a b"});
    bytes.Key("general.name", kString).String(name);
    bytes.Key("tokenizer.chat_template", kString).String(chat_template);
    uint64_t offset = 0;
    for (const Shape& shape : shapes) {
      const bool vector = shape.sizes.size() == 1;
      bytes.Tensor(shape.name, std::vector<uint64_t>(shape.sizes.rbegin(), shape.sizes.rend()),
                   vector ? kF32 : type, offset);
      const auto elements = static_cast<uint64_t>(shape.elements());
      const uint64_t size =
          vector || type == kF32 ? 4 * elements : elements / kQ4Elements * kQ4Bytes;
      offset += (size + 31) / 32 * 32;
    }
    bytes.Data(0);
    options_.path = folder_ + "/model.gguf";
    std::ofstream(options_.path, std::ios::binary) << bytes.text();
    std::filesystem::resize_file(options_.path, bytes.text().size() + offset);
  }

  // At once, and before anything of the tensors was read.
  void ExpectRefusedAtOnce(absl::StatusCode code, const std::string& message) {
    const absl::Time start = absl::Now();
    for (const absl::Status& status : {LanguageModel::Load(options_).status(),
                                       LanguageModel::EstimateBytes(options_).status()}) {
      EXPECT_EQ(status.code(), code) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    }
    const absl::StatusOr<ModelInspection> inspection = InspectModel(options_);
    ASSERT_TRUE(inspection.ok()) << inspection.status();
    EXPECT_EQ(inspection->loads.code(), code) << inspection->loads;
    EXPECT_THAT(std::string(inspection->loads.message()), HasSubstr(message));
    EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  }

  std::string folder_;
  LoadOptions options_;
};

#ifdef __linux__

// Bytes, after malloc gave back what it keeps.
int64_t ResidentBytes() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ifstream file("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t PeakBytes() {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == "VmHWM:" && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

// Staging once lay in malloc's arenas to the end of the load, a piece for each matrix.
void ExpectNoSecondCopy(const LoadOptions& options) {
  SCOPED_TRACE(options.path + " " + options.weights);
  // What the libraries allocate once is not the model's.
  ASSERT_TRUE(LanguageModel::Load(options).ok());
  const int64_t before = ResidentBytes();
  std::ofstream("/proc/self/clear_refs") << "5";
  auto model = LanguageModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  const int64_t peak = PeakBytes() - before;
  const int64_t resident = ResidentBytes() - before;
  const int64_t weights = (*model)->info().weight_bytes;
  EXPECT_GT(resident, weights * 9 / 10);
  EXPECT_LT(peak, resident * 115 / 100) << "resident " << resident;
  model->reset();
  EXPECT_LT(ResidentBytes() - before, weights / 8);
}

TEST_F(LoadingTest, PeakOfWeightsThatBecomeInt8OrInt4) {
  if (!std::filesystem::exists(kSmolLm)) GTEST_SKIP() << kSmolLm << " is absent: run make setup";
  options_.path = kSmolLm;
  for (const char* weights : {"int8", "int4", "full"}) {
    options_.weights = weights;
    ExpectNoSecondCopy(options_);
  }
}

TEST_F(LoadingTest, PeakOfKQuants) {
  const std::vector<Shape> shapes = LlamaShapes(12, 1024, 3072);
  WriteLlama(12, 1024, 3072, shapes);
  ExpectNoSecondCopy(options_);
}

TEST_F(LoadingTest, PeakOfTransposedMatrices) {
  WriteGpt2(10, 1024, Gpt2Shapes(10, 1024));
  for (const char* weights : {"auto", "int8"}) {
    options_.weights = weights;
    ExpectNoSecondCopy(options_);
  }
}

#endif

// Each was once refused after all the weights before it had been read: seconds.
class RefusedLoadTest : public LoadingTest {
 protected:
  // 2.4 GB.
  static constexpr int64_t kLayers = 48;
  static constexpr int64_t kHidden = 1024;

  // The last layer's tensors are read last.
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

TEST_F(RefusedLoadTest, TensorThatNobodyReads) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"h.47.adapter.weight", {8}});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'h.47.adapter.weight' belongs to");
}

// It was taken for Llama 3's, of half of no rotated dimension: a division by zero.
TEST_F(RefusedLoadTest, RopeFactorsOfAModelThatTurnsNothing) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"rope_freqs.weight", {0}});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'rope_freqs.weight' belongs to");
}

// Left out without a word, as if they said nothing.
TEST_F(RefusedLoadTest, TensorThatNobodyReadsOfATypeThatIsNotRead) {
  std::vector<Shape> shapes = Gpt2Shapes(kLayers, kHidden);
  shapes.push_back({"h.0.attn.q_proj.bias", {8}, "F64"});
  WriteGpt2(kLayers, kHidden, shapes);
  ExpectRefusedAtOnce(absl::StatusCode::kUnimplemented, "tensor 'h.0.attn.q_proj.bias' belongs to");
}

TEST_F(LoadingTest, TablesThatAreRecomputedMayHaveAnyType) {
  std::vector<Shape> shapes = Gpt2Shapes(1, 64);
  shapes.push_back({"h.0.attn.bias", {1, 1, 64, 64}, "BOOL"});
  WriteGpt2(1, 64, shapes);
  const auto model = LanguageModel::Load(options_);
  EXPECT_TRUE(model.ok()) << model.status();
}

// The likelihoods were NaN, and OK.
TEST_F(LoadingTest, LogitsThatAreNotFiniteScoreNothing) {
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

TEST_F(RefusedLoadTest, TypeOfAFolderThatIsNotRead) {
  WriteWith([](Shape&) {}, "I32");
  ExpectRefusedAtOnce(
      absl::StatusCode::kUnimplemented,
      "tensor 'wte.weight' is stored as I32: tensors of type I32 are not supported");
}

TEST_F(RefusedLoadTest, TypeOfAGgufFileThatIsNotReadHasItsName) {
  constexpr uint32_t kIq2Xxs = 16;
  // Its blocks are smaller: the file is longer than its tensors.
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
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("has neither tokenizer.json nor vocab.json"));
  }
}

TEST_F(RefusedLoadTest, FoldersThatAreNoModels) {
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

class InspectionTest : public LoadingTest {
 protected:
  void SetUp() override {
    LoadingTest::SetUp();
    WriteGpt2(1, 64, Gpt2Shapes(1, 64));
  }
};

TEST_F(InspectionTest, GoodModelLoadsAndFits) {
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_FALSE(inspection->devices.empty());
  EXPECT_TRUE(inspection->devices.back().Fits());
  EXPECT_TRUE(LanguageModel::Load(options_).ok());
}

TEST_F(InspectionTest, CacheBeyondTheMemoryDoesNotFit) {
  options_.cache_tokens = 2'000'000'000;
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_FALSE(inspection->devices.empty());
  for (const DeviceNeed& need : inspection->devices) EXPECT_FALSE(need.Fits()) << need.device;
}

// Another device's memory once counted for one that the entry did not name.
TEST_F(InspectionTest, TheDeviceOfTheLoadComesFirst) {
  options_.device = {
      .kind = DeviceKind::kCuda, .name = "cuda:7", .default_dtype = "float16", .memory_bytes = 1};
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  ASSERT_GE(inspection->devices.size(), 2U);
  EXPECT_EQ(inspection->devices.front().device, "cuda:7");
  EXPECT_EQ(inspection->devices.front().dtype, "float16");
  EXPECT_FALSE(inspection->devices.front().Fits());
  EXPECT_EQ(inspection->devices.back().device, "cpu");
  // The CPU has it, that device does not.
  options_.kv_cache = "int8";
  const auto refused = InspectModel(options_);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->loads.code(), absl::StatusCode::kUnimplemented) << refused->loads;
  EXPECT_EQ(refused->devices.back().device, "cpu");
}

// Protos carry the name.
TEST_F(InspectionTest, NameThatIsNoUtf8IsReplaced) {
  WriteLlama(1, 256, 256, LlamaShapes(1, 256, 256), kQ4K, "Mod\xe8le");
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_EQ(inspection->name, "Mod\xEF\xBF\xBDle");
  const auto model = LanguageModel::Load(options_);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->info().name, "Mod\xEF\xBF\xBDle");
}

TEST_F(InspectionTest, TemplateThatIsNoUtf8IsSaidAndTheModelServesText) {
  WriteLlama(1, 256, 256, LlamaShapes(1, 256, 256), kQ4K, "model", "{{ messages }}\xe8");
  const auto inspection = InspectModel(options_);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  EXPECT_EQ(inspection->chat_template, "cannot be read: it is not valid UTF-8 at byte 14");
}

}  // namespace
}  // namespace assay::engine
