// A decoder-only transformer on the CPU's own kernels. Private to this folder.
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
  // The longest sequence.
  int64_t context = 0;
  // Tokens of one Run(), of all its chunks; more are refused with INVALID_ARGUMENT.
  int64_t max_tokens = 0;
  // Rows of logits that memory is kept for. More may be asked for, and are given back by the next
  // Run().
  int64_t logit_rows = 1;
  int64_t pages = 0;
  KvType kv_type = KvType::kFloat16;
};

// `weights` are packed. `pool` must outlive the result. Throws std::bad_alloc and as libtorch does.
std::unique_ptr<ModelExecutor> MakeCpuExecutor(const ModelSpec& spec, TransformerWeights weights,
                                               const CpuExecutorOptions& options, ThreadPool& pool);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_CPU_EXECUTOR_H_
