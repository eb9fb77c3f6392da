// Converts generated tokens to the text that a caller receives. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_TEXT_OUTPUT_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_TEXT_OUTPUT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/stop_matcher.h"
#include "engine/runtime/generation/utf8_buffer.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Collects the text of the tokens in whole characters, up to a stop string, and passes it to a
// sink. Special tokens count as tokens but have no text. Not thread-safe.
class TextOutput {
 public:
  // If `strip_space`, a space at the beginning of the text is dropped. `sink` may be null.
  TextOutput(const Tokenizer& tokenizer, std::vector<std::string> stops, bool strip_space,
             GenerationSink* sink)
      : tokenizer_(tokenizer), strip_space_(strip_space), stops_(std::move(stops)), sink_(sink) {}

  // `log_probabilities` may be null.
  void Append(TokenId token, const TokenLogProbabilities* log_probabilities = nullptr) {
    tokens_.push_back(token);
    if (log_probabilities != nullptr) log_probabilities_.push_back(*log_probabilities);
    if (tokenizer_.IsSpecial(token)) return;
    std::string_view bytes = tokenizer_.TokenBytes(token);
    if (strip_space_ && bytes.starts_with(' ')) bytes.remove_prefix(1);
    strip_space_ = false;
    Emit(stops_.Append(characters_.Append(bytes)));
  }

  void Finish() {
    Emit(stops_.Append(characters_.Flush()));
    Emit(stops_.Flush());
  }

  bool stopped() const { return stops_.stopped(); }
  size_t token_count() const { return tokens_.size(); }
  std::string TakeText() { return std::move(text_); }
  std::vector<TokenId> TakeTokens() { return std::move(tokens_); }
  std::vector<TokenLogProbabilities> TakeLogProbabilities() {
    return std::move(log_probabilities_);
  }

 private:
  void Emit(std::string_view text) {
    if (text.empty()) return;
    text_.append(text);
    if (sink_ == nullptr) return;
    const bool has_all = log_probabilities_.size() == tokens_.size();
    sink_->OnText(text, absl::MakeConstSpan(tokens_).subspan(emitted_tokens_),
                  has_all ? absl::MakeConstSpan(log_probabilities_).subspan(emitted_tokens_)
                          : absl::Span<const TokenLogProbabilities>());
    emitted_tokens_ = tokens_.size();
  }

  const Tokenizer& tokenizer_;
  bool strip_space_;
  Utf8Buffer characters_;
  StopMatcher stops_;
  GenerationSink* sink_;
  std::string text_;
  std::vector<TokenId> tokens_;
  std::vector<TokenLogProbabilities> log_probabilities_;
  size_t emitted_tokens_ = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_TEXT_OUTPUT_H_
