// A fixture that writes model files of zeros.
#ifndef ASSAY_TESTS_ENGINE_RUNTIME_SYNTHETIC_MODELS_H_
#define ASSAY_TESTS_ENGINE_RUNTIME_SYNTHETIC_MODELS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {

inline constexpr int64_t kVocab = 320;
inline constexpr uint32_t kQ4Elements = 256;
inline constexpr uint32_t kQ4Bytes = 144;

// The name, shape and type of a tensor.
struct Shape {
  std::string name;
  std::vector<int64_t> sizes;
  // The type of the file if it is empty.
  std::string dtype = "";
  int64_t elements() const {
    int64_t count = 1;
    for (const int64_t size : sizes) count *= size;
    return count;
  }
};

// A fixture with model files of zeros, which are sparse and take no space on the disk. They are
// read as other files are.
class SyntheticModelTest : public testing::Test {
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

  // Writes a GPT-2 folder, whose matrices are transposed, in fp32.
  void WriteGpt2(int64_t layers, int64_t hidden, const std::vector<Shape>& shapes,
                 const std::string& dtype = "F32") const {
    const nlohmann::json config = {{"model_type", "gpt2"}, {"n_layer", layers},
                                   {"n_embd", hidden},     {"n_head", 8},
                                   {"n_positions", 64},    {"vocab_size", kVocab}};
    const nlohmann::json tokenizer = {
        {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}}}, {"merges", nlohmann::json::array()}}}};
    std::ofstream(folder_ + "/config.json") << config;
    std::ofstream(folder_ + "/tokenizer.json") << tokenizer;
    nlohmann::json header = nlohmann::json::object();
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

  // Writes a Llama GGUF file. `type` is that of all matrices; the CPU's kernels do not support the
  // default, Q4_K, without repacking.
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

  // Expects that the model is refused in less than a second, before any tensor is read.
  void ExpectRefusedAtOnce(absl::StatusCode code, const std::string& message) {
    const absl::Time start = absl::Now();
    for (const absl::Status& status : {LanguageModel::Load(options_).status(),
                                       LanguageModel::EstimateBytes(options_).status()}) {
      EXPECT_EQ(status.code(), code) << status;
      EXPECT_THAT(std::string(status.message()), testing::HasSubstr(message));
    }
    const absl::StatusOr<ModelInspection> inspection = InspectModel(options_);
    ASSERT_TRUE(inspection.ok()) << inspection.status();
    EXPECT_EQ(inspection->loads.code(), code) << inspection->loads;
    EXPECT_THAT(std::string(inspection->loads.message()), testing::HasSubstr(message));
    EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  }

  std::string folder_;
  LoadOptions options_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_RUNTIME_SYNTHETIC_MODELS_H_
