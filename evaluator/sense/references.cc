// Implementation of the reference texts.
#include "evaluator/sense/references.h"

#include <nlohmann/json.hpp>

namespace assay::evaluator {

const std::map<std::string, std::vector<ReferenceText>, std::less<>>& References() {
  static const auto* const kReferences = [] {
    auto* const references = new std::map<std::string, std::vector<ReferenceText>, std::less<>>;
    const nlohmann::json json = nlohmann::json::parse(kReferencesJson);
    for (const auto& [code, pairs] : json.items()) {
      for (const auto& pair : pairs) {
        (*references)[code].push_back({.prompt = pair.at("prompt").get<std::string>(),
                                       .text = pair.at("text").get<std::string>()});
      }
    }
    return references;
  }();
  return *kReferences;
}

}  // namespace assay::evaluator
