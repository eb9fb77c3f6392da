// Proposes a content type for a prompt.
#ifndef ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_
#define ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_

#include <optional>
#include <string>
#include <string_view>

namespace assay::registry {

// A proposed content type.
struct ContentProposal {
  std::string content_type;
  // From 0 to 1.
  double confidence;
};

// The minimum confidence of a proposal.
inline constexpr double kMinConfidence = 0.7;

// Returns twitter, linkedin, email, blog, technical or business, or nullopt if the confidence is
// below kMinConfidence. Searches the first 2000 bytes for English terms. Each term has a weight,
// which counts twice within the first 160 bytes, where prompts name their task. The confidence is
// the softmax over half the sums of weights, with a constant for "none of them"; it is not
// calibrated. A pure function that takes some microseconds.
std::optional<ContentProposal> ProposeContentType(std::string_view prompt);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_
