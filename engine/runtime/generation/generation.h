// A generation request and its result.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/caller_share.h"
#include "base/steady_time.h"
#include "engine/chat/chat_template.h"
#include "engine/runtime/generation/log_probabilities.h"
#include "engine/runtime/generation/sampling_params.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The input of a generation. One of `tokens`, `chat` and `text` is used, in this order of
// precedence.
struct Prompt {
  // A user message for the chat template. It is encoded verbatim if `raw` or if the model has no
  // template.
  std::string text;
  std::vector<ChatTurn> chat;
  std::vector<TokenId> tokens;
  bool raw = false;
  // JSON texts as in ChatTemplateInputs. They need a chat template.
  std::string tools = {};
  std::string variables = {};
  // The name of one of the model's chat templates. Empty: the model's choice (ChatTemplates).
  std::string chat_template = {};
  // True: special tokens that are spelled in `text` or `chat` become these tokens. Always the case
  // for a raw prompt.
  bool parse_special = false;
  // A prompt with more tokens loses its first ones. 0: it is refused if it does not fit into the
  // context.
  int max_tokens = 0;
};

// The processor time that a prompt may take before it waits for the model: its template and its
// tokens. Prompts of 100,000 tokens take about a tenth of it.
inline constexpr absl::Duration kMaxPromptCpu = absl::Milliseconds(400);

// The tokens of a prompt.
struct EncodedPrompt {
  std::vector<TokenId> tokens;
  // True if the prompt went through the chat template, so that a reply follows. False if the
  // generated text continues the prompt.
  bool is_chat = false;
};

struct GenerationRequest {
  Prompt prompt;
  SamplingParams sampling;
  // At least 1.
  int max_new_tokens = 256;
  // The text ends before the first of these strings, which may span tokens. None may be empty.
  std::vector<std::string> stop;
  // The text ends before the first of these tokens.
  std::vector<TokenId> stop_tokens = {};
  // Orders the requests of one caller: those of higher priority run first. They preempt others of
  // the caller if all slots are taken or the KV cache is full.
  int priority = 0;
  // The model is shared fairly between callers, in proportion to their shares (scheduler.h).
  CallerShare caller;
  // A request that would wait longer for the model is refused (LanguageModel::Submit).
  absl::Duration max_wait = absl::InfiniteDuration();
  // True: the end-of-text token does not end the generation (for measurements).
  bool ignore_end_of_text = false;
  // False: no draft tokens, whatever the model was loaded with (for measurements).
  bool drafts = true;
  // False: the whole prompt is computed, even if the prefix cache has a part of it, and nothing is
  // added to the prefix cache (for measurements).
  bool reuse_prefix = true;
  // The arrival time, from which `queue` and `first_token` are measured.
  SteadyTime arrival = SteadyTime::Now();
  // After the deadline the request ends with DEADLINE_EXCEEDED. It is checked for each token and
  // each chunk of the prompt.
  SteadyTime deadline = SteadyTime::InfiniteFuture();
};

enum class FinishReason { kEndOfText, kStopString, kStopToken, kLength };

// The durations of the phases of a request.
struct GenerationTimings {
  absl::Duration queue;
  absl::Duration prefill;
  // From arrival to the first token.
  absl::Duration first_token;
  // The mean over the tokens after the first; zero if there are fewer than two tokens.
  absl::Duration per_token;
  // Quantiles (nearest rank) of the time from one token to the next; zero if there are fewer than
  // two tokens. Accepted draft tokens arrive together: their times are zero.
  absl::Duration inter_token_p50;
  absl::Duration inter_token_p90;
  absl::Duration inter_token_p99;
  // From arrival to the end.
  absl::Duration total;
};

struct GenerationResult {
  std::string text;
  // Without the end-of-text token or stop token.
  std::vector<TokenId> tokens;
  FinishReason finish_reason;
  // Those of `tokens`, if the request wants them (SamplingParams::log_probabilities).
  std::vector<TokenLogProbabilities> log_probabilities = {};
  int prompt_tokens;
  // The number of prompt tokens whose KV was in the prefix cache.
  int cached_tokens = 0;
  // The numbers of draft tokens that were verified (prompt_lookup.h), and of those accepted.
  int drafted_tokens = 0;
  int accepted_tokens = 0;
  GenerationTimings timings;
  // The times from one token to the next, shortest first.
  std::vector<absl::Duration> token_gaps = {};
  // The number of times that the request was preempted and recomputed.
  int preemptions = 0;
};

// Receives text as it is generated, on the generating thread. It must not block for long, because
// it delays all requests of the model.
class GenerationSink {
 public:
  virtual ~GenerationSink() = default;
  // Receives whole UTF-8 characters, never a part of a stop string. `text` is not empty. `tokens`
  // are those since the last call, and `log_probabilities` theirs, if the request wants them.
  virtual void OnText(std::string_view text, absl::Span<const TokenId> tokens,
                      absl::Span<const TokenLogProbabilities> log_probabilities) = 0;
  // Polled for each token and each chunk of the prompt. True ends the generation with CANCELLED.
  virtual bool Cancelled() const = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_GENERATION_H_
