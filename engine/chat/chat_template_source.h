// Finds the source of a model's chat template in the model's files.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"

namespace assay::engine {

// Each returns the source of the template. Returns NOT_FOUND if the model has none (a base model),
// DATA_LOSS if the file that should hold it is damaged.

// Reads the key tokenizer.chat_template of a GGUF file.
absl::StatusOr<std::string> ReadGgufChatTemplate(const GgufFile& file);

// Reads a Hugging Face folder: chat_template.jinja, else chat_template.json, else `chat_template`
// in tokenizer_config.json. Of several templates in one file, it reads the one named "default".
absl::StatusOr<std::string> ReadFolderChatTemplate(const std::string& folder);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATE_SOURCE_H_
