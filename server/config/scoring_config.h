// Content types and scorers of the user's own.
#ifndef ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_
#define ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_

#include <vector>

#include "base/yaml/reader.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/profiles.h"

namespace assay::server {

// The list `content_types`; each begins as the profile that `like` names (default: "default") and
// says what is otherwise. Errors as in base/yaml/reader.h.
std::vector<evaluator::ContentTypeProfile> ReadContentTypes(YamlMap evaluation);

// The list `scorers`.
std::vector<evaluator::CommandScorerOptions> ReadScorers(YamlMap evaluation);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_
