// The prices of hosted APIs: a dated YAML file that users may edit (deploy/prices.yaml).
#ifndef ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_
#define ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/economics_inputs.h"

namespace assay::evaluator {

// The text of deploy/prices.yaml at build time.
extern const std::string_view kBuiltInPricesYaml;

struct PriceTable {
  // The path of the file, for messages.
  std::string path;
  // The date at which the prices were valid, YYYY-MM-DD.
  std::string as_of;
  // The origin of the prices, as free text.
  std::string source;
  // The entries in the file's order, each with the table's as_of.
  std::vector<HostedPrice> entries;

  // Returns the entry of that name. Returns NOT_FOUND with a list of all names if there is none.
  absl::StatusOr<HostedPrice> Find(std::string_view name) const;
};

// Reads a price table. Errors are those of base/yaml/reader.h: file:line, key, value, and what is
// allowed. Rejects a date that does not exist, a table with no entries or more than 1000, a name
// that is duplicated, longer than 128 characters or has characters outside [A-Za-z0-9._/:-], and an
// entry without a price.
absl::StatusOr<PriceTable> LoadPriceTable(const std::string& path);
absl::StatusOr<PriceTable> ParsePriceTable(std::string_view text, const std::string& path);
// Returns the built-in table.
absl::StatusOr<PriceTable> BuiltInPriceTable();

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_
