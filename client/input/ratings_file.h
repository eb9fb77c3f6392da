// Files with people's ratings, JSONL or CSV.
#ifndef ASSAY_CLIENT_INPUT_RATINGS_FILE_H_
#define ASSAY_CLIENT_INPUT_RATINGS_FILE_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "assay/v1/rating.pb.h"

namespace assay::client {

// Reads ratings from a file; the extension .csv means CSV, any other JSONL. `samples` are the known
// keys. INVALID_ARGUMENT "file:line: \"field\" ..." (CSV: "file: row 3: ..."): a field is missing,
// unknown or wrong.
absl::StatusOr<std::vector<v1::Rating>> ReadRatingsFile(const std::string& path,
                                                        const std::set<std::string>& samples);

// Returns the content of a file with these ratings, in the format of its extension. Reading it
// again gives the same ratings.
std::string RatingsFileText(const std::string& path, const std::vector<v1::Rating>& ratings);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INPUT_RATINGS_FILE_H_
