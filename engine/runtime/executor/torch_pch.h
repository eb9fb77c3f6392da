// The precompiled header: the parts of libtorch that this folder uses.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_PCH_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_PCH_H_

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_PCH_H_
