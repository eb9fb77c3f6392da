// A ModelExecutor that computes a decoder-only transformer with the CPU's own kernels. Private to
// this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_EXECUTOR_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "engine/architectures/model_spec.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/threads/thread_pool.h"

namespace assay::engine {

struct CpuExecutorOptions {
  // The maximum length of a sequence.
  int64_t context = 0;
  // The maximum number of tokens in all chunks of one Run(); more are refused with
  // INVALID_ARGUMENT.
  int64_t max_tokens = 0;
  // The number of rows of logits that memory is kept for. A step may have more; the next Run()
  // frees the rest.
  int64_t logit_rows = 1;
  int64_t pages = 0;
  KvType kv_type = KvType::kFloat16;
};

// Creates the executor. `weights` must be packed. `pool` must outlive the result. Throws
// std::bad_alloc and the exceptions of libtorch.
std::unique_ptr<ModelExecutor> MakeCpuExecutor(const ModelSpec& spec, TransformerWeights weights,
                                               const CpuExecutorOptions& options, ThreadPool& pool);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_EXECUTOR_H_
