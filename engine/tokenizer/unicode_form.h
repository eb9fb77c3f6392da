// Unicode's normal forms, as the tokenizers crate has them. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_UNICODE_FORM_H_
#define ASSAY_ENGINE_TOKENIZER_UNICODE_FORM_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer/normalizer.h"

namespace assay::engine {

// Returns `text`, which must be valid UTF-8, in a normal form. Characters that the crate's version
// of Unicode lacks stay as they are and separate the parts that are normalized.
absl::StatusOr<std::string> ToUnicodeForm(UnicodeForm form, const std::string& text);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_UNICODE_FORM_H_
