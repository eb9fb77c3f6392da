// Feeds any bytes to the readers of config.json and of GGUF hyperparameters. Reading must not
// crash, and every value that is read must keep its limits, because the runtime allocates by them.
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/architectures/config_reader.h"
#include "engine/architectures/model_files.h"
#include "engine/formats/json_file.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Require;
using assay::engine::ConfigReader;
using assay::engine::ModelSpec;
using assay::engine::PositionKind;
using assay::engine::RopeScaling;
using assay::engine::RopeSpec;

bool IsBetween(int64_t value, int64_t min, int64_t max) { return value >= min && value <= max; }

bool IsPositive(double value) { return value > 0.0 && std::isfinite(value); }

void CheckRope(const RopeSpec& rope, int64_t head_dim) {
  Require(IsBetween(rope.dim, 2, head_dim) && rope.dim % 2 == 0, "rotated dimensions");
  Require(rope.base > 1.0 && std::isfinite(rope.base), "rope base");
  Require(IsPositive(rope.factor) && IsPositive(rope.attention_factor), "rope factors");
  Require(IsPositive(rope.beta_fast) && IsPositive(rope.beta_slow), "rope betas");
  if (rope.scaling == RopeScaling::kNone || rope.scaling == RopeScaling::kLinear) return;
  Require(IsBetween(rope.original_context, 1, ConfigReader::kMaxContext), "original context");
  if (rope.scaling != RopeScaling::kLongRope) return;
  for (const std::vector<float>* factors : {&rope.short_factors, &rope.long_factors}) {
    Require(static_cast<int64_t>(factors->size()) == rope.dim / 2, "count of rope factors");
    for (const float factor : *factors) Require(IsPositive(factor), "each rope factor");
  }
}

void Check(const ModelSpec& spec) {
  const auto layers = static_cast<size_t>(spec.layers);
  Require(IsBetween(spec.layers, 1, ConfigReader::kMaxLayers), "layers");
  Require(IsBetween(spec.hidden, 1, ConfigReader::kMaxWidth), "width");
  Require(IsBetween(spec.embedding, 1, ConfigReader::kMaxWidth), "embedding");
  Require(IsBetween(spec.vocab, 1, ConfigReader::kMaxVocabulary), "vocabulary");
  Require(IsBetween(spec.context_length, 1, ConfigReader::kMaxContext), "context");
  Require(IsBetween(spec.feed_forward.width, 1, 4 * ConfigReader::kMaxWidth), "inner width");
  Require(IsBetween(spec.attention.heads, 1, ConfigReader::kMaxHeads), "heads");
  Require(IsBetween(spec.attention.kv_heads, 1, spec.attention.heads) &&
              spec.attention.heads % spec.attention.kv_heads == 0,
          "KV heads");
  Require(IsBetween(spec.attention.head_dim, 1, ConfigReader::kMaxWidth), "head");
  Require(IsPositive(spec.attention.scale), "scale of scores");
  Require(IsBetween(spec.attention.window, 0, ConfigReader::kMaxContext), "window");
  const size_t windowed = spec.attention.windowed_layers.size();
  Require(windowed == 0 || windowed == layers, "windowed layers");
  Require(windowed == 0 || spec.attention.window > 0, "window of windowed layers");
  Require(spec.rotary_layers.empty() || spec.rotary_layers.size() == layers, "rotary layers");
  Require(IsPositive(spec.norm_epsilon) && IsPositive(spec.embedding_scale), "norm");
  Require(spec.attention.softcap >= 0.0 && spec.logit_softcap >= 0.0, "softcaps");
  if (spec.position != PositionKind::kRotary) return;
  CheckRope(spec.rope, spec.attention.head_dim);
  if (spec.window_rope.has_value()) CheckRope(*spec.window_rope, spec.attention.head_dim);
}

void ReadGguf(std::string_view file) {
  static const auto* const kPath =
      new std::filesystem::path(std::filesystem::temp_directory_path() /
                                ("config_fuzz_" + std::to_string(getpid()) + ".gguf"));
  std::ofstream(*kPath, std::ios::binary) << file;
  const auto model = assay::engine::OpenModelFiles(kPath->string());
  std::filesystem::remove(*kPath);
  if (model.ok()) Check(model->spec);
}

void ReadJson(std::string_view text) {
  const auto json = assay::engine::ParseJsonObject(text);
  if (!json.ok()) return;
  const auto config = assay::engine::ReadModelConfig(*json, "config.json");
  if (config.ok()) Check(config->spec);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("GGUF")) {
    ReadGguf(text);
  } else {
    ReadJson(text);
  }
  return 0;
}
