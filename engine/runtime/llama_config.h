// Shape of a Llama model, from a GGUF header.
#ifndef ASSAY_ENGINE_RUNTIME_LLAMA_CONFIG_H_
#define ASSAY_ENGINE_RUNTIME_LLAMA_CONFIG_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

struct LlamaConfig {
  int64_t layers;
  int64_t hidden;
  int64_t feed_forward;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  // The first dimensions of a head, which are rotated; even.
  int64_t rope_dim;
  double rope_base;
  // Positions are divided by it; 1 = off.
  double rope_scale;
  double rms_epsilon;
  int64_t vocab;
  // Positions that the model was trained for.
  int64_t context_length;

  int64_t query_rows() const { return heads * head_dim; }
  int64_t kv_rows() const { return kv_heads * head_dim; }
};

// UNIMPLEMENTED: another architecture or way of scaling positions, by name. DATA_LOSS: a key
// missing or out of bounds.
absl::StatusOr<LlamaConfig> ReadLlamaConfig(const GgufFile& file);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LLAMA_CONFIG_H_
