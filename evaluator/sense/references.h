// The text of evaluator/sense/data/references.json as a compiled-in constant, and its parsed form.
#ifndef ASSAY_EVALUATOR_SENSE_REFERENCES_H_
#define ASSAY_EVALUATOR_SENSE_REFERENCES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evaluator {

// Two plain texts with their prompts for each language of DetectLanguage(). The two texts have the
// same content in each language. They were written for this purpose.
extern const std::string_view kReferencesJson;

struct ReferenceText {
  std::string prompt;
  std::string text;
};

// Returns the references by language code. Parsed once; thread-safe.
const std::map<std::string, std::vector<ReferenceText>, std::less<>>& References();

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_REFERENCES_H_
