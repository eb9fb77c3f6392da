// A request for text and its result.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/chat/chat_template.h"
#include "engine/runtime/generation/sampling.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// What the model reads: exactly one of the three is set (`tokens` wins, then `chat`, then `text`).
struct Prompt {
  // As one user turn through the chat template; as it is if `raw` or if the model has no template.
  std::string text;
  std::vector<ChatTurn> chat;
  std::vector<TokenId> tokens;
  bool raw = false;
  // As ChatTemplateInputs has them: JSON texts. They need a chat template.
  std::string tools = {};
  std::string variables = {};
};

// A prompt's tokens.
struct EncodedPrompt {
  std::vector<TokenId> tokens;
  // True: it went through the chat template, a reply follows. False: the text goes on where the
  // prompt stops.
  bool is_chat = false;
};

struct GenerationRequest {
  Prompt prompt;
  SamplingParams sampling;
  // At least 1.
  int max_new_tokens = 256;
  // The text ends before the first of these; they may span tokens. None may be empty.
  std::vector<std::string> stop;
  // Requests of higher priority run first, and the others give way to them when all places are
  // taken or the cache is full.
  int priority = 0;
  // True: the end-of-text token does not end the text (for measurements).
  bool ignore_end_of_text = false;
  // False: no guesses are read along, whatever the model was loaded with (for measurements).
  bool drafts = true;
  // False: the whole prompt is read, whatever of it earlier requests have left in the prefix cache,
  // and nothing of it is left there (for measurements).
  bool reuse_prefix = true;
  // When the request came in; the clock of `queue` and `first_token`.
  absl::Time arrival = absl::Now();
  // DEADLINE_EXCEEDED after it; checked for each token and each chunk of the prompt.
  absl::Time deadline = absl::InfiniteFuture();
};

enum class FinishReason { kEndOfText, kStopString, kLength };

struct GenerationTimings {
  absl::Duration queue;
  absl::Duration prefill;
  // From arrival.
  absl::Duration first_token;
  // Mean over the tokens after the first; zero with fewer than two tokens.
  absl::Duration per_token;
  // Quantiles (nearest rank) of the time from one token to the next; zero with fewer than two.
  // Tokens that were guessed right come together: their times are zero.
  absl::Duration inter_token_p50;
  absl::Duration inter_token_p90;
  absl::Duration inter_token_p99;
  // From arrival.
  absl::Duration total;
};

struct GenerationResult {
  std::string text;
  // End-of-text not included.
  std::vector<TokenId> tokens;
  FinishReason finish_reason;
  int prompt_tokens;
  // Of them, those whose keys and values were there from an earlier request.
  int cached_tokens = 0;
  // Tokens that were guessed from the text (prompt_lookup.h), and those of them that were right.
  int drafted_tokens = 0;
  int accepted_tokens = 0;
  GenerationTimings timings;
  // From one token to the next, shortest first.
  std::vector<absl::Duration> token_gaps = {};
  // How often it gave its pages to others and was read again.
  int preemptions = 0;
};

// Receives text as it is generated, on the generating thread. Must not block for long: it stalls
// the model.
class GenerationSink {
 public:
  virtual ~GenerationSink() = default;
  // `text`: whole UTF-8 characters, never a part of a stop string. May be called with empty text
  // never.
  virtual void OnText(std::string_view text, absl::Span<const TokenId> tokens) = 0;
  // Polled for each token and each chunk of the prompt: true ends the generation with CANCELLED.
  virtual bool Cancelled() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_
