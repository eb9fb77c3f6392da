// The limits on processor time and memory of a fuzz target.
#ifndef ASSAY_TESTS_FUZZ_LIMITS_H_
#define ASSAY_TESTS_FUZZ_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace assay {

// Measures the processor time of this process and its memory while the object exists, and aborts in
// the destructor if the input cost more than what docs/explanation/reliability.md promises:
//
//   a file of N bytes   2 s, 4 * N bytes and 256 MiB
//   a request           0.5 s, 4 * N bytes and 256 MiB
//
// Sanitizers and coverage counters make code slower, so the time is ten times as long with them.
// One object at a time.
class Limits {
 public:
  enum class Input { kFile, kRequest };

  Limits(Input input, size_t bytes);
  ~Limits();

  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

 private:
  const absl::Duration max_cpu_;
  const size_t max_growth_;
  absl::Duration cpu_at_start_;
  size_t memory_at_start_;
};

}  // namespace assay

#endif  // ASSAY_TESTS_FUZZ_LIMITS_H_
