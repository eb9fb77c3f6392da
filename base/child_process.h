// A program run once: bytes in, bytes out.
#ifndef ASSAY_BASE_CHILD_PROCESS_H_
#define ASSAY_BASE_CHILD_PROCESS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay {

struct ChildResult {
  // 128 + the signal's number where one ended it.
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Starts `command` (no shell) in a process group of its own, with our environment but none of our
// descriptors and signal masks, writes `input` to its standard input and reads both outputs until
// they end or the program has. At its end, at the deadline, and where an output grows beyond
// `most_bytes`, whoever is left of the group is killed. NOT_FOUND: no such program;
// DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED: too much output; else errno's. Blocks. Thread-safe.
absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& command,
                                     std::string_view input, absl::Time deadline,
                                     size_t most_bytes);

}  // namespace assay

#endif  // ASSAY_BASE_CHILD_PROCESS_H_
