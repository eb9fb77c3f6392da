// Fingerprints.
#ifndef ASSAY_EVALUATOR_SHA256_H_
#define ASSAY_EVALUATOR_SHA256_H_

#include <string>
#include <string_view>

namespace assay::evaluator {

// SHA-256 of the bytes, 64 hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SHA256_H_
