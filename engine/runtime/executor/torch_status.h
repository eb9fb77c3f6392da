// Conversion of libtorch's exceptions to statuses. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_STATUS_H_
#define ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_STATUS_H_

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::engine {

// Returns RESOURCE_EXHAUSTED if the message is an allocator's, else INTERNAL. The message of the
// status begins with `doing`.
inline absl::Status TorchErrorStatus(absl::string_view doing, absl::string_view message) {
  // libtorch throws OutOfMemoryError only on CUDA. Failures of the CPU's and the MPS allocator are
  // recognized by their text.
  const bool out_of_memory = absl::StrContains(absl::AsciiStrToLower(message), "out of memory") ||
                             absl::StrContains(message, "can't allocate memory");
  if (!out_of_memory) return absl::InternalError(absl::StrCat(doing, ": libtorch: ", message));
  return absl::ResourceExhaustedError(
      absl::StrCat(doing, ": out of memory; unload a model or lower context_length. ", message));
}

// Runs `body`, which returns a Status or StatusOr, and converts its exceptions to a status.
template <typename Body>
auto CatchTorch(absl::string_view doing, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const c10::Error& error) {
    return TorchErrorStatus(doing, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return TorchErrorStatus(doing, "out of memory");
  } catch (const std::system_error& error) {
    // A thread cannot be started.
    return absl::ResourceExhaustedError(absl::StrCat(doing, ": ", error.what()));
  } catch (const std::exception& error) {
    return TorchErrorStatus(doing, error.what());
  }
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_EXECUTOR_TORCH_STATUS_H_
