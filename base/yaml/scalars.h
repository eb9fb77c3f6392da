// Strict conversions of a YAML scalar. Internal to the reader.
#ifndef ASSAY_BASE_YAML_SCALARS_H_
#define ASSAY_BASE_YAML_SCALARS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

// Accepts decimal digits with an optional sign and nothing else. Like the functions below, returns
// nullopt for any other text.
std::optional<int64_t> ReadInt(std::string_view text);
// Accepts a finite number.
std::optional<double> ReadNumber(std::string_view text);
// Accepts "4GiB", "512MiB", "1.5GB", "100KB", "7B" or a number of bytes; not negative, at most
// 2^53.
std::optional<int64_t> ReadBytes(std::string_view text);
// Accepts "30s", "5m", "250ms", "2h" or a number of seconds; not negative.
std::optional<double> ReadSeconds(std::string_view text);

}  // namespace assay

#endif  // ASSAY_BASE_YAML_SCALARS_H_
