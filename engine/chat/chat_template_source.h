// Finds the sources of a model's chat templates in the model's files.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// A model has one template, named "default", or several.
struct NamedTemplate {
  std::string name;
  std::string source;
};

// Each returns the templates, sorted by name, or none for a base model. Returns DATA_LOSS if a file
// that should hold one is damaged or too large, or if there are more than 64.

// Reads a GGUF file: tokenizer.chat_template, and tokenizer.chat_template.NAME for each name in
// tokenizer.chat_templates.
absl::StatusOr<std::vector<NamedTemplate>> ReadGgufChatTemplates(const GgufFile& file);

// Reads a Hugging Face folder as transformers does: chat_template.jinja and
// additional_chat_templates/NAME.jinja, else chat_template.json, else `chat_template` in
// tokenizer_config.json, which is a template or a list of objects with `name` and `template`.
absl::StatusOr<std::vector<NamedTemplate>> ReadFolderChatTemplates(const std::string& folder);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
