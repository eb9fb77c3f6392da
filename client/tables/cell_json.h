// Cells of Arrow tables as JSON.
#ifndef ASSAY_CLIENT_TABLES_CELL_JSON_H_
#define ASSAY_CLIENT_TABLES_CELL_JSON_H_

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "nlohmann/json.hpp"

namespace assay::client {

// Returns a value: null, Boolean, number, text, or lists and structs of these. Dictionary-encoded
// values are decoded. INVALID_ARGUMENT: a text is not UTF-8, the type is another one, or the value
// is nested more than 16 levels deep. The value must be valid (Array::ValidateFull).
absl::StatusOr<nlohmann::json> CellJson(const arrow::Scalar& value);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TABLES_CELL_JSON_H_
