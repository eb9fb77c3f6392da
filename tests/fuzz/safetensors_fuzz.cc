// Feeds any bytes to the parser of safetensors headers, which must not crash.
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/safetensors_parser.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Require;
using assay::engine::StoredTensor;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  const auto file = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data), size);
  const auto header = assay::engine::ParseSafetensorsHeader(file);
  if (!header.ok()) return 0;
  size_t total = 0;
  for (const StoredTensor& tensor : header->tensors) {
    Require(tensor.data.data() >= file.data() && tensor.data.end() <= file.end(),
            "tensors are within the file");
    const auto layout = assay::engine::LayoutOf(tensor.type);
    Require(layout.ok() && layout->elements == 1, "a parsed tensor holds floats");
    Require(tensor.ElementCount() * layout->bytes == static_cast<int64_t>(tensor.data.size()),
            "bytes and shape agree");
    total += tensor.data.size();
  }
  Require(total <= size, "tensors do not overlap");
  return 0;
}
