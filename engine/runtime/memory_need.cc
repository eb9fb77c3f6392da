// Memory of a model before it is loaded.
#include "engine/runtime/memory_need.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {
namespace {

// What quantising the matrix [out, in] saves.
int64_t Saved(int64_t out, int64_t in, int64_t element_bytes, WeightBits bits) {
  if (bits == WeightBits::kAsStored || bits == WeightBits::kFull ||
      !QuantisedMatrix::Suits(out, in, bits))
    return 0;
  return element_bytes * out * in - QuantisedMatrix::BytesOf(out, in, bits);
}

int64_t SavedInLayer(const ModelSpec& spec, int64_t element_bytes, WeightBits bits) {
  const int64_t width = spec.feed_forward.width;
  const int64_t up_rows = spec.feed_forward.gated ? 2 * width : width;
  return Saved(spec.query_rows() + 2 * spec.kv_rows(), spec.hidden, element_bytes, bits) +
         Saved(spec.hidden, spec.query_rows(), element_bytes, bits) +
         Saved(up_rows, spec.hidden, element_bytes, bits) +
         Saved(spec.hidden, width, element_bytes, bits);
}

}  // namespace

absl::StatusOr<WeightBits> ParseWeights(const std::string& name) {
  if (name == "auto") return WeightBits::kAsStored;
  if (name == "full") return WeightBits::kFull;
  if (name == "int8") return WeightBits::kInt8;
  if (name == "int4") return WeightBits::kInt4;
  return absl::InvalidArgumentError(
      absl::StrCat("weights \"", name, "\" is none of auto, full, int8, int4"));
}

MemoryNeed NeedOf(const ModelFiles& files, int64_t element_bytes, WeightBits bits, int64_t context,
                  int64_t prefill_chunk) {
  constexpr int64_t kTokenizerBytesPerToken = 256;
  constexpr int64_t kActivationsAtOnce = 4;
  const ModelSpec& spec = files.spec;
  const int64_t rope_tables = 2 * spec.rope.dim * context;
  const int64_t activations =
      kActivationsAtOnce * prefill_chunk * (spec.hidden + spec.feed_forward.width) + spec.vocab;
  return {.weights = element_bytes * files.ParameterCount() -
                     spec.layers * SavedInLayer(spec, element_bytes, bits),
          .kv_cache = element_bytes * 2 * spec.layers * spec.kv_rows() * context,
          .working =
              element_bytes * (rope_tables + activations) + kTokenizerBytesPerToken * spec.vocab};
}

}  // namespace assay::engine
