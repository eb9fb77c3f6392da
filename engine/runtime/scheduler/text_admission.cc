// The queue of texts that are scored.
#include "engine/runtime/scheduler/text_admission.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"

namespace assay::engine {
namespace {

// One in so many places is kept for callers that have none.
constexpr int64_t kKeptPart = 8;

}  // namespace

TextAdmission::TextAdmission(std::string name, Limits limits, std::function<void()> on_empty)
    : name_(std::move(name)), limits_(limits), counts_(std::make_shared<Counts>()) {
  const MutexLock lock(counts_->mutex);
  counts_->on_empty = std::move(on_empty);
}

TextAdmission::~TextAdmission() {
  const MutexLock lock(counts_->mutex);
  counts_->on_empty = nullptr;
}

absl::Status TextAdmission::CheckLimits(const Counts& counts, int64_t bytes,
                                        const std::string& caller) const {
  if (bytes > limits_.bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the text has ", bytes, " bytes; ", name_,
                                                   " scores at most ", limits_.bytes,
                                                   " at once, send it in parts"));
  }
  if (counts.texts == 0) return absl::OkStatus();
  const auto own = counts.callers.find(caller);
  const int64_t kept = own == counts.callers.end() ? 0 : 1;
  if (counts.texts < limits_.texts - kept * limits_.texts / kKeptPart &&
      counts.bytes + bytes <= limits_.bytes - kept * limits_.bytes / kKeptPart) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the queue of ", name_, " is full: ", counts.texts, " texts of ", counts.bytes,
      " bytes are being scored or wait (limits ", limits_.texts, " and ", limits_.bytes, "), ",
      kept == 0 ? 0 : own->second, " of them for this caller; try again later"));
}

absl::StatusOr<TextAdmission::Permit> TextAdmission::Admit(int64_t bytes,
                                                           const std::string& caller) {
  const std::shared_ptr<Counts> counts = counts_;
  {
    const MutexLock lock(counts->mutex);
    RETURN_IF_ERROR(CheckLimits(*counts, bytes, caller));
    ++counts->texts;
    counts->bytes += bytes;
    ++counts->callers[caller];
  }
  return Permit(std::shared_ptr<void>(counts.get(), [counts, bytes, caller](void*) {
    const MutexLock lock(counts->mutex);
    counts->bytes -= bytes;
    const auto own = counts->callers.find(caller);
    if (--own->second == 0) counts->callers.erase(own);
    if (--counts->texts == 0 && counts->on_empty) counts->on_empty();
  }));
}

}  // namespace assay::engine
