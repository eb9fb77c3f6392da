// RETURN_IF_ERROR and ASSIGN_OR_RETURN propagate an error in one line.
#ifndef ASSAY_BASE_STATUS_MACROS_H_
#define ASSAY_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Evaluates its argument, an absl::Status, and returns it from the enclosing function if it is an
// error. Variadic, so that the argument may contain commas.
//
//   RETURN_IF_ERROR(file.Flush());
#define RETURN_IF_ERROR(...)                                             \
  do {                                                                   \
    if (absl::Status assay_status = (__VA_ARGS__); !assay_status.ok()) { \
      return assay_status;                                               \
    }                                                                    \
  } while (false)

// Evaluates the second argument, an absl::StatusOr<T>, and returns its status from the enclosing
// function if it is an error. Otherwise moves the value into `declaration`, which is a new variable
// or an existing one. The macro expands to several statements: the body of an `if` or a loop that
// uses it needs braces. A type that contains a comma needs an alias.
//
//   ASSIGN_OR_RETURN(const Catalog catalog, ReadCatalog(path));
#define ASSIGN_OR_RETURN(declaration, ...) \
  ASSAY_ASSIGN_OR_RETURN_(ASSAY_JOIN_(assay_result_, __LINE__), declaration, __VA_ARGS__)

// Implementation details follow.
#define ASSAY_JOIN_IMPL_(a, b) a##b
#define ASSAY_JOIN_(a, b) ASSAY_JOIN_IMPL_(a, b)
#define ASSAY_ASSIGN_OR_RETURN_(result, declaration, ...) \
  auto result = (__VA_ARGS__);                            \
  if (!result.ok()) return std::move(result).status();    \
  declaration = *std::move(result)

#endif  // ASSAY_BASE_STATUS_MACROS_H_
