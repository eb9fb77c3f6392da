// Feeds any bytes to the inspection of GGUF files. It must not crash, its numbers must add up, and
// a file that it reports as loadable must load.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "engine/runtime/inspection.h"
#include "engine/runtime/language_model.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Require;
using assay::engine::LanguageModel;
using assay::engine::LoadOptions;
using assay::engine::ModelInspection;

void Check(const ModelInspection& inspection) {
  Require(!assay::FindInvalidUtf8(inspection.name).has_value(), "the name is UTF-8");
  int64_t parameters = 0;
  for (const auto& share : inspection.types) {
    Require(share.tensors > 0 && share.bytes > 0 && share.parameters > 0, "sizes of a type");
    parameters += share.parameters;
  }
  Require(parameters == inspection.parameter_count, "every tensor is counted");
  for (const auto& device : inspection.devices) {
    Require(device.need.weights >= 0 && device.need.kv_cache > 0 && device.need.working > 0,
            "memory needed");
  }
}

// Loads the model with a short context, which keeps the cost low.
void Load(LoadOptions options, const ModelInspection& inspection) {
  constexpr int64_t kMaxContext = 64;
  static const auto* const kCpu =
      new assay::engine::DeviceInfo(*assay::engine::ResolveDevice("cpu"));
  if (!inspection.loads.ok()) return;
  options.device = *kCpu;
  options.context_length = static_cast<int>(std::min(kMaxContext, inspection.context_length));
  options.cache_tokens = options.context_length;
  Require(LanguageModel::Load(options).ok(), "a loadable file loads");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  static const auto* const kPath =
      new std::filesystem::path(std::filesystem::temp_directory_path() /
                                ("inspect_fuzz_" + std::to_string(getpid()) + ".gguf"));
  std::ofstream(*kPath, std::ios::binary)
      << std::string_view(reinterpret_cast<const char*>(data), size);
  LoadOptions options;
  options.path = kPath->string();
  const auto inspection = assay::engine::InspectModel(options);
  if (inspection.ok()) {
    Check(*inspection);
    Load(std::move(options), *inspection);
  }
  std::filesystem::remove(*kPath);
  return 0;
}
