// Examines a device, for people who have one that the developers do not.
#ifndef ASSAY_ENGINE_RUNTIME_DEVICE_DOCTOR_H_
#define ASSAY_ENGINE_RUNTIME_DEVICE_DOCTOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace assay::engine {

// The result of one check.
struct DoctorFinding {
  enum class Verdict { kOk, kWorkaround, kFailed };
  Verdict verdict = Verdict::kOk;
  // One line of text.
  std::string text;
};

// Checks that `device` is there, its operators in each type, attention at the head sizes of known
// models, and, if `model` is not empty, the model at that path: its greedy text and its logits
// against the CPU's in fp32, its speed, a load and an unload beside a running generation, and the
// memory afterwards. Calls `report` with each finding as soon as it is known. Returns true if
// nothing failed. A failed check does not stop those that can still be made. Blocks for seconds, or
// minutes with a large model.
bool ExamineDevice(std::string_view device, const std::string& model,
                   absl::FunctionRef<void(const DoctorFinding&)> report);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_DEVICE_DOCTOR_H_
