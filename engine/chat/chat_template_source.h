// Where a model's chat template is kept.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// The template's source. NOT_FOUND: the model has none (a base model). DATA_LOSS: what should hold
// it is damaged.
absl::StatusOr<std::string> ChatTemplateOfGguf(const GgufFile& file);

// Of a Hugging Face folder: chat_template.jinja, else chat_template.json, else
// tokenizer_config.json's chat_template (of several, the one named "default").
absl::StatusOr<std::string> ChatTemplateOfFolder(const std::string& folder);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
