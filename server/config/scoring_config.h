// Reads the user-defined content types and scorers of assayd.yaml.
#ifndef ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_
#define ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_

#include <vector>

#include "base/yaml/reader.h"
#include "evaluator/scoring/command_scorer.h"
#include "evaluator/scoring/profiles.h"

namespace assay::server {

// Reads the list `content_types`. Each entry starts as a copy of the profile that `like` names
// (default: "default") and overrides parts of it. Errors are recorded in the document, as in
// base/yaml/reader.h.
std::vector<evaluator::ContentTypeProfile> ReadContentTypes(YamlMap evaluation);

// Reads the list `scorers`. Errors are recorded in the same way.
std::vector<evaluator::CommandScorerOptions> ReadScorers(YamlMap evaluation);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_SCORING_CONFIG_H_
