// Cuts a text into the pieces that byte-pair merges never cross.
#ifndef ASSAY_ENGINE_TEXT_PRE_TOKENIZER_H_
#define ASSAY_ENGINE_TEXT_PRE_TOKENIZER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::engine {

// Immutable, thread-safe. Linear in the text for the patterns here.
class PreTokenizer {
 public:
  // By GGUF's name (tokenizer.ggml.pre): "smollm", "gpt-2", "llama-bpe", "qwen2". UNIMPLEMENTED
  // names another.
  static absl::StatusOr<std::unique_ptr<PreTokenizer>> Make(std::string_view name);
  ~PreTokenizer();

  PreTokenizer(const PreTokenizer&) = delete;
  PreTokenizer& operator=(const PreTokenizer&) = delete;

  // Views into `text`, which must be valid UTF-8; together they are the text. INTERNAL if the regex
  // engine gives up.
  absl::StatusOr<std::vector<std::string_view>> Split(std::string_view text) const;

 private:
  struct Stages;
  explicit PreTokenizer(std::unique_ptr<Stages> stages);

  std::unique_ptr<Stages> stages_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_PRE_TOKENIZER_H_
