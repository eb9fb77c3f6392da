// Runs a child process with its standard input and outputs as strings.
#ifndef ASSAY_BASE_CHILD_PROCESS_H_
#define ASSAY_BASE_CHILD_PROCESS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/steady_time.h"

namespace assay {

struct ChildResult {
  // 128 + the signal number if a signal ended the process.
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Starts `command` without a shell, in a process group of its own, with our environment but without
// our file descriptors and signal mask. Writes `input` to its standard input and reads both outputs
// until they end or the program ends. The rest of the process group is killed when the program
// ends, at the deadline, and when an output exceeds `max_output_bytes`.
//
// Blocks. Thread-safe. Errors: NOT_FOUND if there is no such program; DEADLINE_EXCEEDED;
// RESOURCE_EXHAUSTED if an output exceeds the limit; otherwise that of errno.
absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& command,
                                     std::string_view input, SteadyTime deadline,
                                     size_t max_output_bytes);

}  // namespace assay

#endif  // ASSAY_BASE_CHILD_PROCESS_H_
