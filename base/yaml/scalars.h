// Strict readings of a scalar; private to the reader.
#ifndef ASSAY_BASE_YAML_SCALARS_H_
#define ASSAY_BASE_YAML_SCALARS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

// Decimal digits with an optional sign, nothing else.
std::optional<int64_t> ReadInt(std::string_view text);
// A finite number.
std::optional<double> ReadNumber(std::string_view text);
// "4GiB", "512MiB", "1.5GB", "100KB", "7B" or plain bytes; none below zero.
std::optional<int64_t> ReadBytes(std::string_view text);
// "30s", "5m", "250ms", "2h" or plain seconds; none below zero.
std::optional<double> ReadSeconds(std::string_view text);

}  // namespace assay

#endif  // ASSAY_BASE_YAML_SCALARS_H_
