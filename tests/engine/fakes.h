// Stand-ins of the engine's interfaces, for the tests of the loop and of the queue.
#ifndef ASSAY_TESTS_ENGINE_FAKES_H_
#define ASSAY_TESTS_ENGINE_FAKES_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "engine/runtime/decoder.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {

// A vocabulary of given pieces. The last one ends the text; those that begin with "<|" are special.
class FakeTokenizer : public Tokenizer {
 public:
  explicit FakeTokenizer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view,
                                              const EncodeOptions&) const override {
    return absl::UnimplementedError("not needed");
  }
  std::string_view TokenBytes(TokenId id) const override { return pieces_.at(id); }
  absl::StatusOr<std::string> Decode(absl::Span<const TokenId>, bool) const override {
    return absl::UnimplementedError("not needed");
  }
  int vocab_size() const override { return static_cast<int>(pieces_.size()); }
  bool IsSpecial(TokenId id) const override { return pieces_.at(id).rfind("<|", 0) == 0; }
  bool IsEndOfText(TokenId id) const override { return id == vocab_size() - 1; }
  bool StripsLeadingSpace() const override { return strips_leading_space; }
  TokenId bos_id() const override { return -1; }
  TokenId eos_id() const override { return vocab_size() - 1; }

  bool strips_leading_space = false;

 private:
  std::vector<std::string> pieces_;
};

// Says what its script says, and notes what it was asked.
class FakeDecoder : public Decoder {
 public:
  struct Call {
    std::vector<TokenId> tokens;
    int position;
    bool operator==(const Call&) const = default;
  };

  FakeDecoder(std::vector<TokenId> script, int context)
      : script_(std::move(script)), context_(context) {}

  int context_length() const override { return context_; }
  absl::Status Read(const Chunk& chunk) override {
    calls.push_back({{chunk.tokens.begin(), chunk.tokens.end()}, chunk.position});
    return absl::OkStatus();
  }
  absl::StatusOr<TokenId> ReadAndChoose(const Chunk& chunk, Sampler&) override {
    if (chunk.position + static_cast<int>(chunk.tokens.size()) > context_) {
      return absl::OutOfRangeError("beyond the context");
    }
    calls.push_back({{chunk.tokens.begin(), chunk.tokens.end()}, chunk.position});
    return script_.at(next_++);
  }

  std::vector<Call> calls;

 private:
  std::vector<TokenId> script_;
  int context_;
  size_t next_ = 0;
};

// Emits one text a token, as long as it is let.
class FakeLanguageModel : public LanguageModel {
 public:
  const LoadedModelInfo& info() const override { return info_; }
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const override {
    return prompt.tokens;
  }
  absl::StatusOr<GenerationResult> Generate(const GenerationRequest& request,
                                            GenerationSink* sink) override {
    if (before_generate) before_generate();
    GenerationResult result{.finish_reason = FinishReason::kLength};
    for (int i = 0; i < request.max_new_tokens; ++i) {
      if (sink->Cancelled()) return absl::CancelledError("cancelled");
      ++generated;
      const TokenId token = i;
      sink->OnText(request.prompt.text, {&token, 1});
      result.text += request.prompt.text;
      result.tokens.push_back(token);
      if (after_token) after_token(i);
    }
    return result;
  }
  absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId>) override {
    return absl::UnimplementedError("not needed");
  }
  absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<TokenId>>) override {
    return absl::UnimplementedError("not needed");
  }

  std::function<void()> before_generate;
  std::function<void(int)> after_token;
  std::atomic<int> generated = 0;

 private:
  LoadedModelInfo info_{.name = "fake"};
  FakeTokenizer tokenizer_{{"<|end|>"}};
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_FAKES_H_
