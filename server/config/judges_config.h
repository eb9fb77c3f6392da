// Reads `evaluation.judges` of assayd.yaml.
#ifndef ASSAY_SERVER_CONFIG_JUDGES_CONFIG_H_
#define ASSAY_SERVER_CONFIG_JUDGES_CONFIG_H_

#include <vector>

#include "base/yaml/reader.h"
#include "evaluator/judging/judge_options.h"

namespace assay::server {

// Reads the list `judges`. Errors are recorded in the document, as in base/yaml/reader.h. The value
// of `api_key_env` is not part of an error, because it may be a key that was entered by mistake.
std::vector<evaluator::JudgeOptions> ReadJudges(YamlMap evaluation);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_JUDGES_CONFIG_H_
