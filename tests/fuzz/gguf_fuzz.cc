// Feeds any bytes to the parser of GGUF headers and to the dequantizers, which must not crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/gguf_parser.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Require;
using assay::engine::BlockLayout;
using assay::engine::StoredTensor;

// Dequantizes a few blocks from each end, as a loader does with all of them.
void DequantizeEnds(const StoredTensor& tensor) {
  const absl::StatusOr<BlockLayout> layout = assay::engine::LayoutOf(tensor.type);
  Require(layout.ok(), "the type of a parsed tensor is supported");
  const auto blocks = static_cast<int64_t>(tensor.data.size()) / layout->bytes;
  Require(blocks * layout->elements == tensor.ElementCount(), "bytes and shape agree");
  const int64_t sampled = std::min<int64_t>(blocks, 4);
  std::vector<float> values(static_cast<size_t>(sampled * layout->elements));
  const auto bytes = static_cast<size_t>(sampled * layout->bytes);
  for (const auto part : {tensor.data.first(bytes), tensor.data.last(bytes)}) {
    Require(assay::engine::Dequantize(tensor.type, part, absl::MakeSpan(values)).ok(),
            "whole blocks are dequantized");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  const auto file = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data), size);
  const auto header = assay::engine::ParseGgufHeader(file);
  if (!header.ok()) return 0;
  size_t total = 0;
  for (const StoredTensor& tensor : header->tensors) {
    Require(tensor.data.data() >= file.data() && tensor.data.end() <= file.end(),
            "tensors are within the file");
    total += tensor.data.size();
    DequantizeEnds(tensor);
  }
  Require(total <= size, "tensors do not overlap");
  return 0;
}
