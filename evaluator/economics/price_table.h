// What hosted APIs charge: a dated YAML file that its user edits (deploy/prices.yaml).
#ifndef ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_
#define ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/economics_inputs.h"

namespace assay::evaluator {

// deploy/prices.yaml as it was when this was built.
extern const std::string_view kBuiltInPricesYaml;

struct PriceTable {
  // The file, for messages.
  std::string path;
  // YYYY-MM-DD: when the prices were true.
  std::string as_of;
  // Where they are from, in words.
  std::string source;
  // In the file's order; as_of is the table's.
  std::vector<HostedPrice> entries;

  // NOT_FOUND lists the names that there are.
  absl::StatusOr<HostedPrice> Find(std::string_view name) const;
};

// Errors as in base/yaml/reader.h: file:line, key, value, what is allowed. Refused: a date that
// does not exist, no entries or over 1000, a name twice or with other characters than
// [A-Za-z0-9._/:-], an entry without a price.
absl::StatusOr<PriceTable> LoadPriceTable(const std::string& path);
absl::StatusOr<PriceTable> ParsePriceTable(std::string_view text, const std::string& path);
// The built-in one.
absl::StatusOr<PriceTable> BuiltInPriceTable();

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_PRICE_TABLE_H_
