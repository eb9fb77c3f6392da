// The faults of a device that are worked around.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_QUIRKS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_QUIRKS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace assay::engine {

// The columns of a product above which MPS is wrong on M1 and M2 (pytorch issue 177116).
inline constexpr int64_t kMaxProductColumns = 32768;

// What the self-test (device_self_test.h) found that a device computes wrongly and for which there
// is another way. All false on a device without faults.
struct DeviceQuirks {
  // A product with a bias is wrong; the bias is added apart (pytorch issue 188438: MPS drops it
  // for a single row).
  bool bias_apart = false;
  // A product over more than kMaxProductColumns columns is wrong; it is split.
  bool split_columns = false;
  // The fused attention is wrong for the model's heads; it is computed by single products.
  bool plain_attention = false;

  bool operator==(const DeviceQuirks&) const = default;
};

// Returns a sentence for each fault, for logs and for `assayd --doctor`.
std::vector<std::string> Describe(const DeviceQuirks& quirks);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_DEVICE_QUIRKS_H_
