// Shape of a Llama model, from a GGUF header.
#include "engine/runtime/llama_config.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::engine {
namespace {

constexpr char kArchitecture[] = "llama";
constexpr char kEmbedding[] = "token_embd.weight";

// Far above any published model; they keep products of them within 64 bits.
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxWidth = 1 << 20;
constexpr int64_t kMaxHeads = 4096;
constexpr int64_t kMaxVocabulary = 1 << 24;
constexpr int64_t kMaxContext = 1 << 24;

constexpr double kDefaultRopeBase = 10000.0;

std::string Key(absl::string_view name) { return absl::StrCat(kArchitecture, ".", name); }

// Reads several keys and keeps the first error.
class Reader {
 public:
  explicit Reader(const GgufFile& file) : file_(file) {}

  int64_t Int(absl::string_view name, int64_t max) {
    return Keep(file_.GetInt(Key(name), 1, max), Key(name), int64_t{1});
  }

  int64_t IntOr(absl::string_view name, int64_t max, int64_t fallback) {
    return file_.HasKey(Key(name)) ? Int(name, max) : fallback;
  }

  // Open interval.
  double Float(absl::string_view name, double min, double max) {
    const double value = Keep(file_.GetFloat(Key(name)), Key(name), min);
    if (status_.ok() && !(value > min && value < max)) {
      Fail(absl::StrCat(Key(name), " is ", value, "; it must lie between ", min, " and ", max));
    }
    return value;
  }

  double FloatOr(absl::string_view name, double min, double max, double fallback) {
    return file_.HasKey(Key(name)) ? Float(name, min, max) : fallback;
  }

  void Fail(absl::string_view message) {
    if (status_.ok()) status_ = absl::DataLossError(absl::StrCat(file_.path(), ": ", message));
  }

  const absl::Status& status() const { return status_; }

 private:
  template <typename T>
  T Keep(const absl::StatusOr<T>& value, const std::string& key, T fallback) {
    if (value.ok()) return *value;
    if (absl::IsNotFound(value.status())) {
      Fail(absl::StrCat("the key ", key, " is missing"));
    } else if (status_.ok()) {
      status_ = value.status();
    }
    return fallback;
  }

  const GgufFile& file_;
  absl::Status status_;
};

absl::Status CheckArchitecture(const GgufFile& file) {
  const absl::StatusOr<std::string> name = file.GetString("general.architecture");
  if (absl::IsNotFound(name.status())) {
    return absl::DataLossError(
        absl::StrCat(file.path(), ": the key general.architecture is missing"));
  }
  if (!name.ok()) return name.status();
  if (*name == kArchitecture) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(file.path(), ": architecture \"", *name, "\" is not read yet; \"llama\" is"));
}

absl::Status CheckRopeScaling(const GgufFile& file, const std::string& key) {
  const absl::StatusOr<std::string> type = file.GetString(key);
  if (absl::IsNotFound(type.status())) return absl::OkStatus();
  if (!type.ok()) return type.status();
  if (*type == "none" || *type == "linear") return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(file.path(), ": ", key, " \"", *type,
                                               "\" is not read yet; none and linear are"));
}

double RopeScale(const GgufFile& file, Reader& read, const std::string& type_key) {
  constexpr double kMaxScale = 1e4;
  const absl::StatusOr<std::string> type = file.GetString(type_key);
  if (!type.ok() || *type != "linear") return 1.0;
  return read.Float("rope.scaling.factor", 0.0, kMaxScale);
}

void CheckHeads(const LlamaConfig& config, Reader& read) {
  if (config.heads % config.kv_heads != 0) {
    read.Fail(absl::StrCat(config.heads, " heads do not divide among ", config.kv_heads,
                           " key/value heads"));
  }
  if (config.rope_dim % 2 != 0 || config.rope_dim > config.head_dim) {
    read.Fail(absl::StrCat(Key("rope.dimension_count"), " is ", config.rope_dim,
                           "; it must be even and at most the head's ", config.head_dim));
  }
}

}  // namespace

absl::StatusOr<LlamaConfig> ReadLlamaConfig(const GgufFile& file) {
  if (absl::Status status = CheckArchitecture(file); !status.ok()) return status;
  const std::string scaling = Key("rope.scaling.type");
  if (absl::Status status = CheckRopeScaling(file, scaling); !status.ok()) return status;
  const GgufTensor* embedding = file.FindTensor(kEmbedding);
  if (embedding == nullptr || embedding->shape.size() != 2) {
    return absl::DataLossError(
        absl::StrCat(file.path(), ": tensor ", kEmbedding, " is missing or not a matrix"));
  }
  Reader read(file);
  LlamaConfig config;
  config.layers = read.Int("block_count", kMaxLayers);
  config.hidden = read.Int("embedding_length", kMaxWidth);
  config.feed_forward = read.Int("feed_forward_length", kMaxWidth);
  config.heads = read.Int("attention.head_count", kMaxHeads);
  config.kv_heads = read.IntOr("attention.head_count_kv", kMaxHeads, config.heads);
  if (!file.HasKey(Key("attention.key_length")) && config.hidden % config.heads != 0) {
    read.Fail(absl::StrCat("a width of ", config.hidden, " does not divide among ", config.heads,
                           " heads"));
  }
  config.head_dim = read.IntOr("attention.key_length", kMaxWidth, config.hidden / config.heads);
  config.rope_dim = read.IntOr("rope.dimension_count", kMaxWidth, config.head_dim);
  config.rope_base = read.FloatOr("rope.freq_base", 1.0, 1e12, kDefaultRopeBase);
  config.rope_scale = RopeScale(file, read, scaling);
  config.rms_epsilon = read.Float("attention.layer_norm_rms_epsilon", 0.0, 1.0);
  config.vocab = read.IntOr("vocab_size", kMaxVocabulary, embedding->shape[0]);
  config.context_length = read.Int("context_length", kMaxContext);
  CheckHeads(config, read);
  const int64_t value_dim = read.IntOr("attention.value_length", kMaxWidth, config.head_dim);
  if (value_dim != config.head_dim) {
    read.Fail(absl::StrCat(Key("attention.value_length"), " is ", value_dim, ", not the key's ",
                           config.head_dim));
  }
  if (!read.status().ok()) return read.status();
  return config;
}

}  // namespace assay::engine
