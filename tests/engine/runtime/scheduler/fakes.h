// Fakes of the engine's interfaces.
#ifndef ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_FAKES_H_
#define ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_FAKES_H_

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/executor/token_choice.h"
#include "engine/runtime/scheduler/model_executor.h"
#include "engine/tokenizer/special_guard.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Returns `count` consecutive token ids.
inline std::vector<TokenId> TokensFrom(TokenId first, int count) {
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

// A tokenizer with a vocabulary of given pieces. The last one ends the text; those that begin with
// "<|" are special.
class FakeTokenizer : public Tokenizer {
 public:
  explicit FakeTokenizer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view,
                                              const EncodeOptions&) const override {
    return absl::UnimplementedError("not needed");
  }
  SpecialGuard MakeGuard(std::string_view) const override {
    static const std::vector<NormalizerStep> kNone;
    return {{}, {}, &kNone};
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
  const std::vector<std::pair<std::string, std::string>>& template_tokens() const override {
    return template_tokens_;
  }

  bool strips_leading_space = false;

 private:
  std::vector<std::string> pieces_;
  std::vector<std::pair<std::string, std::string>> template_tokens_;
};

// A tokenizer that spells token i "t<i> ". No token ends a text.
class CountingTokenizer : public FakeTokenizer {
 public:
  explicit CountingTokenizer(int count) : FakeTokenizer(Pieces(count)) {}
  bool IsEndOfText(TokenId) const override { return false; }

 private:
  static std::vector<std::string> Pieces(int count) {
    std::vector<std::string> pieces;
    for (int i = 0; i < count; ++i) pieces.push_back(absl::StrCat("t", i, " "));
    return pieces;
  }
};

// Stores the tokens of its sequences where an executor stores their KV, and reads them from there,
// so that the tokens that it chooses show what is in its cache. The log probability of a token is
// the token that it would choose there. Records every step.
class FakeExecutor : public ModelExecutor {
 public:
  struct Call {
    std::vector<TokenId> tokens;
    int64_t position;
    // The number of rows of logits.
    int64_t logits = 1;
    bool operator==(const Call&) const = default;
  };

  explicit FakeExecutor(int64_t pages)
      : memory_(static_cast<size_t>(pages * kPageTokens), -1), pages_(pages) {}

  absl::Status Run(const ExecutorStep& step) override {
    if (before_run) before_run();
    std::vector<Call> calls;
    // The sequence up to each row of logits.
    std::vector<std::vector<TokenId>> rows;
    for (const SequenceChunk& chunk : step.chunks) {
      calls.push_back({{chunk.tokens.begin(), chunk.tokens.end()}, chunk.position, chunk.logits});
      const auto count = static_cast<int64_t>(chunk.tokens.size());
      for (int64_t t = 0; t < count; ++t) {
        Place(chunk, chunk.position + t) = chunk.tokens[static_cast<size_t>(t)];
      }
      if (chunk.logits == 0) continue;
      std::vector<TokenId> read;
      for (int64_t t = 0; t < chunk.position + count; ++t) {
        read.push_back(Place(chunk, t));
        if (t >= chunk.position + count - chunk.logits) rows.push_back(read);
      }
    }
    steps.push_back(std::move(calls));
    if (!error.ok()) return error;
    for (TokenChoice& choice : step.choices) {
      choice.tokens = ChooseWhileAccepted(choice, [&](int64_t row) {
        ++chosen;
        return absl::StatusOr<TokenId>(next(rows.at(static_cast<size_t>(row))));
      });
    }
    for (TokenRating& rating : step.ratings) {
      const TokenId chosen = next(rows.at(static_cast<size_t>(rating.row)));
      rating.score = CheckFinite({.log_probability = rating.token == broken
                                                         ? std::numeric_limits<double>::quiet_NaN()
                                                         : static_cast<double>(chosen),
                                  .greedy = chosen == rating.token});
    }
    return absl::OkStatus();
  }

  absl::Duration waited() const override { return absl::ZeroDuration(); }
  absl::Duration contention_interval() const override {
    return shared ? absl::Milliseconds(8) : absl::ZeroDuration();
  }

  absl::Status CopyLogits(int64_t, absl::Span<float>) override {
    return absl::UnimplementedError("not needed");
  }
  int64_t pages() const override { return pages_; }
  int64_t weight_bytes() const override { return 0; }
  int64_t cache_bytes() const override { return 0; }

  // Returns the token after a text; by default its length.
  std::function<TokenId(const std::vector<TokenId>& text)> next =
      [](const std::vector<TokenId>& text) { return static_cast<TokenId>(text.size()); };
  std::function<void()> before_run;
  absl::Status error;
  // A token whose log probability is NaN.
  TokenId broken = -1;
  std::vector<std::vector<Call>> steps;
  std::atomic<int> chosen = 0;
  std::atomic<bool> shared = false;

 private:
  TokenId& Place(const SequenceChunk& chunk, int64_t t) {
    const int64_t page = chunk.pages.at(static_cast<size_t>(t / kPageTokens));
    return memory_.at(static_cast<size_t>(page * kPageTokens + t % kPageTokens));
  }

  std::vector<TokenId> memory_;
  const int64_t pages_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_RUNTIME_SCHEDULER_FAKES_H_
