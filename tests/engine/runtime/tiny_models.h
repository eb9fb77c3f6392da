// The models of tests/golden/runtime/make_tiny_llama.py.
#ifndef ASSAY_TESTS_ENGINE_RUNTIME_TINY_MODELS_H_
#define ASSAY_TESTS_ENGINE_RUNTIME_TINY_MODELS_H_

#include <string>

#include "engine/runtime/device.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

inline constexpr char kTinyModels[] = "tests/golden/runtime/";

// Returns options to load a tiny model in fp32, in which transformers has computed the golden
// values.
inline LoadOptions TinyModelOptions(const std::string& name) {
  LoadOptions options;
  options.path = kTinyModels + name + ".gguf";
  options.device = *ResolveDevice("cpu");
  options.weights = "full";
  options.kv_cache = "float32";
  return options;
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_RUNTIME_TINY_MODELS_H_
