// Builds GGUF files that have metadata only.
#ifndef ASSAY_TESTS_ENGINE_ARCHITECTURES_GGUF_MODEL_H_
#define ASSAY_TESTS_ENGINE_ARCHITECTURES_GGUF_MODEL_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/architectures/model_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/architectures/spec_json.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {

inline constexpr uint32_t kBool = 7;

// The metadata of a small model, which tests change. Integers become uint32, numbers with a point
// float32; arrays hold integers or booleans.
class GgufModel {
 public:
  explicit GgufModel(const std::string& architecture) : architecture_(architecture) {
    values_ = {{"block_count", 4},          {"embedding_length", 64},    {"context_length", 128},
               {"feed_forward_length", 72}, {"attention.head_count", 4}, {"vocab_size", 300}};
    const bool layer_norm = architecture == "bloom" || architecture == "falcon" ||
                            architecture == "gpt2" || architecture == "gptneox" ||
                            architecture == "phi2" || architecture == "stablelm";
    values_[layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"] =
        0.25;
  }

  // A null removes the key.
  GgufModel& Set(const std::string& key, const nlohmann::json& value) {
    if (value.is_null()) {
      values_.erase(key);
    } else {
      values_[key] = value;
    }
    return *this;
  }
  GgufModel& Tensor(const std::string& name, const std::vector<float>& values) {
    tensors_.emplace_back(name, values);
    return *this;
  }

  // The model files hold the path of a file that is removed.
  absl::StatusOr<ModelSpec> Spec() const {
    Bytes bytes = Bytes::Header(tensors_.size(), values_.size() + 1);
    bytes.Key("general.architecture", kString).String(architecture_);
    for (const auto& [key, value] : values_) Append(architecture_ + "." + key, value, &bytes);
    uint64_t offset = 0;
    for (const auto& [name, values] : tensors_) {
      bytes.Tensor(name, {values.size()}, kF32, offset);
      offset += (values.size() * sizeof(float) + 31) / 32 * 32;
    }
    if (!tensors_.empty()) bytes.Data(0);
    for (const auto& [name, values] : tensors_) {
      for (const float value : values) bytes.Put(value);
      bytes.Data(0);
    }
    const WrittenFile written(bytes);
    absl::StatusOr<ModelFiles> files = OpenModelFiles(written.path());
    if (!files.ok()) return files.status();
    return files->spec;
  }

  nlohmann::json SpecJson() const {
    const absl::StatusOr<ModelSpec> spec = Spec();
    EXPECT_TRUE(spec.ok()) << spec.status();
    return spec.ok() ? ToJson(*spec) : nlohmann::json::object();
  }

  // Expects that the file is refused with `code` and a message with each of `parts`.
  void ExpectRefused(absl::StatusCode code, const std::vector<std::string>& parts) const {
    const absl::Status status = Spec().status();
    EXPECT_EQ(status.code(), code) << status;
    for (const std::string& part : parts) {
      EXPECT_THAT(std::string(status.message()), testing::HasSubstr(part));
    }
  }

 private:
  static void Append(const std::string& key, const nlohmann::json& value, Bytes* bytes) {
    if (value.is_string()) {
      bytes->Key(key, kString).String(value.get<std::string>());
    } else if (value.is_boolean()) {
      bytes->Key(key, kBool).Put<uint8_t>(value.get<bool>() ? 1 : 0);
    } else if (value.is_number_float()) {
      bytes->Key(key, kFloat32).Put(value.get<float>());
    } else if (value.is_number()) {
      bytes->Key(key, kUint32).Put(value.get<uint32_t>());
    } else {
      const bool flags = !value.empty() && value.front().is_boolean();
      bytes->Key(key, kArray).Put(flags ? kBool : kUint32).Put<uint64_t>(value.size());
      for (const nlohmann::json& item : value) {
        if (flags) {
          bytes->Put<uint8_t>(item.get<bool>() ? 1 : 0);
        } else {
          bytes->Put(item.get<uint32_t>());
        }
      }
    }
  }

  const std::string architecture_;
  std::map<std::string, nlohmann::json> values_;
  std::vector<std::pair<std::string, std::vector<float>>> tensors_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_ARCHITECTURES_GGUF_MODEL_H_
