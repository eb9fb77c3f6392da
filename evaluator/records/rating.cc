// People's ratings of evaluation samples.
#include "evaluator/records/rating.h"

#include "absl/strings/str_cat.h"
#include "base/hashing.h"

namespace assay::evaluator {
namespace {

constexpr size_t kKeyDigits = 16;

}  // namespace

std::string SampleKey(std::string_view evaluation_id, const SampleId& sample) {
  // Lengths keep different parts from giving equal texts.
  const std::string text =
      absl::StrCat(std::string(evaluation_id), "/", sample.model.size(), ":", sample.model, "/",
                   sample.prompt_id.size(), ":", sample.prompt_id, "/", sample.repeat);
  return Sha256Hex(text).substr(0, kKeyDigits);
}

}  // namespace assay::evaluator
