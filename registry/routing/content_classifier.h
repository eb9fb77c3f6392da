// Guesses from a prompt what kind of content it asks for.
#ifndef ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_
#define ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_

#include <optional>
#include <string>
#include <string_view>

namespace assay::registry {

struct ContentProposal {
  std::string content_type;
  // 0 to 1.
  double confidence;
};

// Least confidence of a proposal.
inline constexpr double kLeastConfidence = 0.7;

// One of twitter, linkedin, email, blog, technical, business, or nothing where the confidence is
// below kLeastConfidence. Reads the first 2000 bytes; English terms, each with a weight, twice as
// much within the first 160 bytes, where a task is named. The confidence is the softmax of
// half the sums, with a constant for "none of them"; it is not calibrated. Pure; some microseconds.
std::optional<ContentProposal> ProposeContentType(std::string_view prompt);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_ROUTING_CONTENT_CLASSIFIER_H_
