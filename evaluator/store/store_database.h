// Opens the database file that holds evaluations, answers, feedback and ratings.
#ifndef ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
#define ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// Opens the file in WAL mode with full sync and foreign keys. Creates the file and its folder if
// necessary, and migrates older schemas. Errors are those of RunStore::Open(). Several connections
// of one process may be open; writers wait for each other.
absl::StatusOr<std::unique_ptr<sqlite::Database>> OpenStoreDatabase(const std::string& path);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_STORE_DATABASE_H_
