// The text of evaluator/plan/data/prompts.jsonl as a compiled-in constant.
#ifndef ASSAY_EVALUATOR_PLAN_BUILT_IN_PROMPTS_H_
#define ASSAY_EVALUATOR_PLAN_BUILT_IN_PROMPTS_H_

#include <string_view>

namespace assay::evaluator {

extern const std::string_view kBuiltInPromptsJsonl;

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_BUILT_IN_PROMPTS_H_
