// The database file that holds evaluations, answers, feedback, ratings and judgments.
#ifndef ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
#define ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluator/records/rating.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// Opens the file in WAL mode with full sync and foreign keys. Creates the file and its folder if
// necessary, and migrates older schemas. Errors are those of RunStore::Open(). Several connections
// of one process may be open; writers wait for each other.
absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenStoreDatabase(const std::string& path);

// Returns the id of a sample's row. NOT_FOUND: the evaluation has no such sample.
absl::StatusOr<int64_t> SampleRow(sqlite::Database& database, std::string_view evaluation_id,
                                  const SampleId& sample);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
