// The queue of texts that are scored.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_TEXT_ADMISSION_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_TEXT_ADMISSION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace assay::engine {

// Counts the texts of a model that are being scored or wait for it, and their bytes, before they
// are tokenized. Thread-safe.
class TextAdmission {
 public:
  // Counts a text while it exists. Move-only. May outlive the TextAdmission.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&&) = default;
    Permit& operator=(Permit&&) = default;

   private:
    friend class TextAdmission;
    explicit Permit(std::shared_ptr<void> counted) : counted_(std::move(counted)) {}
    std::shared_ptr<void> counted_;
  };

  struct Limits {
    int64_t texts;
    int64_t bytes;
  };

  // `name` is that of the model, for messages. `on_empty` is called after the last text has ended,
  // on the thread of its caller. It must not call Admit().
  TextAdmission(std::string name, Limits limits, std::function<void()> on_empty);
  ~TextAdmission();

  TextAdmission(const TextAdmission&) = delete;
  TextAdmission& operator=(const TextAdmission&) = delete;

  // INVALID_ARGUMENT: `bytes` is above the limit. RESOURCE_EXHAUSTED: the limits do not allow
  // another text of `bytes` now. The last eighth of them is kept for callers that have no text yet.
  absl::StatusOr<Permit> Admit(int64_t bytes, const std::string& caller);

 private:
  struct Counts {
    absl::Mutex mutex;
    int64_t texts ABSL_GUARDED_BY(mutex) = 0;
    int64_t bytes ABSL_GUARDED_BY(mutex) = 0;
    // The texts of each caller that has any.
    std::map<std::string, int64_t> callers ABSL_GUARDED_BY(mutex);
    std::function<void()> on_empty ABSL_GUARDED_BY(mutex);
  };

  absl::Status CheckLimits(const Counts& counts, int64_t bytes, const std::string& caller) const
      ABSL_SHARED_LOCKS_REQUIRED(counts.mutex);

  const std::string name_;
  const Limits limits_;
  const std::shared_ptr<Counts> counts_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_TEXT_ADMISSION_H_
