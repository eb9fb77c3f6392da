// The faults of a device that are worked around.
#include "engine/runtime/executor/device_quirks.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::engine {

std::vector<std::string> Describe(const DeviceQuirks& quirks) {
  std::vector<std::string> sentences;
  if (quirks.bias_apart) {
    sentences.emplace_back("products with a bias are wrong; the bias is added apart");
  }
  if (quirks.split_columns) {
    sentences.push_back(absl::StrCat("products over more than ", kMaxProductColumns,
                                     " columns are wrong; they are split"));
  }
  if (quirks.plain_attention) {
    sentences.emplace_back("the fused attention is wrong; it is computed by single products");
  }
  return sentences;
}

}  // namespace assay::engine
