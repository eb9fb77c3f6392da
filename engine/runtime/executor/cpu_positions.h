// The positions of tokens in the attention of the CPU's executor: rotations and ALiBi biases.
// Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_POSITIONS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_POSITIONS_H_

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "engine/architectures/model_spec.h"
#include "engine/runtime/executor/rope.h"
#include "engine/runtime/scheduler/model_executor.h"

namespace assay::engine {

// Holds what depends on positions alone. Prepare() must be called for every step; the other methods
// are const and may be called by several threads.
class CpuPositions {
 public:
  // `spec` must outlive this object. `context` is the maximum length of a sequence; `rope_factors`
  // are those of the weights. Throws the exceptions of libtorch.
  CpuPositions(const ModelSpec& spec, int64_t context, const at::Tensor& rope_factors);

  // Computes the rotation angles of the step's tokens. Throws the exceptions of libtorch.
  void Prepare(absl::Span<const SequenceChunk> chunks);

  // Rotates the queries of a token and its keys, which follow them in memory, if the layer has
  // rotary positions. `chunk` and `token` are indices in the step and in the chunk.
  void Rotate(int64_t layer, size_t chunk, int64_t token, float* queries) const;

  // Returns the ALiBi slopes from a head on, or nullptr if the model has none.
  const float* Slopes(int64_t first_head) const {
    return slopes_.empty() ? nullptr : slopes_.data() + first_head;
  }
  // Returns the biases of keys from a head on, [heads, bias_stride()], or nullptr if the model has
  // none.
  const float* Biases(int64_t first_head) const {
    return biases_.empty() ? nullptr : biases_.data() + first_head * bias_stride_;
  }
  int64_t bias_stride() const { return bias_stride_; }

 private:
  // The rotation angles of a chunk's tokens for one kind of layers.
  struct Angles {
    RopeAngles tensors;
    int64_t half = 0;

    const float* cosines(int64_t token) const {
      return tensors.cosine.const_data_ptr<float>() + token * 2 * half;
    }
    const float* sines(int64_t token) const {
      return tensors.sine.const_data_ptr<float>() + (token * 2 + 1) * half;
    }
  };

  const ModelSpec& spec_;
  std::optional<Rope> rope_;
  std::optional<Rope> window_rope_;
  std::vector<float> slopes_;
  std::vector<float> biases_;
  int64_t bias_stride_ = 0;
  // Those of the current step.
  std::vector<Angles> angles_;
  std::vector<Angles> window_angles_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_POSITIONS_H_
