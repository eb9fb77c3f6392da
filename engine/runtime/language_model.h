// A resident model and the options to load it.
#ifndef ASSAY_ENGINE_RUNTIME_LANGUAGE_MODEL_H_
#define ASSAY_ENGINE_RUNTIME_LANGUAGE_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "engine/runtime/device.h"
#include "engine/runtime/generation/generation.h"
#include "engine/runtime/generation/generation_stream.h"
#include "engine/runtime/model_sampling.h"
#include "engine/runtime/scheduler/text_admission.h"
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

inline constexpr int kDefaultMaxContext = 8192;
inline constexpr int kDefaultCacheTokens = 8192;

// How and where a model is loaded.
struct LoadOptions {
  // A GGUF file or a Hugging Face folder (config.json, safetensors, tokenizer).
  std::string path;
  DeviceInfo device;
  // "auto", "float32", "float16" or "bfloat16".
  std::string dtype = "auto";
  // The format of matrices. "auto": on the CPU as they are stored (8 bits if its kernels do not
  // support the stored type), on other devices in the dtype. "full": in the dtype. "int8", "int4":
  // matrices of the layers in 8 or 4 bits, with less memory and a little less quality.
  std::string weights = "auto";
  // The type of the KV cache on the CPU: "auto" (int8, but float16 if keys have a bias and float32
  // if weights are "full"), "float32", "float16" or "int8" (half the memory of float16, plus
  // scales). On other devices it has the dtype, and "int8" is UNIMPLEMENTED.
  std::string kv_cache = "auto";
  // The capacity of the KV cache in tokens, for all requests together; 0 = the context length, but
  // at least kDefaultCacheTokens. On the CPU its memory becomes resident as it is used.
  int cache_tokens = 0;
  // False: libtorch's operators compute on the CPU too, as on other devices. Slower; for tests and
  // comparisons.
  bool cpu_kernels = true;
  // The maximum length of a sequence; 0 = the model's own, but at most kDefaultMaxContext.
  int context_length = 0;
  // The number of prompt tokens that are computed at once, at least 1; fewer while other requests
  // decode. A request can be cancelled between two chunks.
  int prefill_chunk = 128;
  // The maximum number of draft tokens of one request in a step (scheduler.h), 0 to 64; 0 = no
  // drafts. Results do not depend on it. Used only by the CPU's kernels.
  int draft_tokens = 7;
  // The number of requests that are computed together, and of those that may wait beside them.
  int max_running = 16;
  int max_waiting = 64;
  // Called on the loading thread with the stage ("opening", "weights", "warm-up") and the fraction
  // of the whole load that is done, 0 to 1. May be null.
  std::function<void(std::string_view stage, double fraction)> progress;
  // Polled between tensors. If it is done, the load ends with CANCELLED and frees everything.
  CallContext context;
};

// The durations of the phases of a load.
struct LoadTimes {
  // Reading headers and configuration.
  absl::Duration files;
  // Reading the tokenizer, at the same time as the weights.
  absl::Duration tokenizer;
  // Reading and packing the weights, or copying them to the device.
  absl::Duration weights;
  // Allocating buffers and the first computation.
  absl::Duration warm_up;
  // The whole load; less than the sum of the phases.
  absl::Duration total;
};

// A description of a resident model.
struct LoadedModelInfo {
  std::string architecture;
  std::string name;
  int64_t parameter_count;
  int context_length;
  int vocab_size;
  std::string device;
  std::string dtype;
  // The stored type of most weights ("Q4_1"), or "BF16 as int8" if they are kept in another format.
  std::string quantization;
  int64_t weight_bytes;
  int64_t kv_cache_bytes;
  // The capacity of the KV cache in tokens.
  int64_t cache_tokens;
  // The memory of the tokenizer, the tables, the buffers of a step and the texts that wait to be
  // scored (memory_need.h).
  int64_t working_bytes;
  LoadTimes load_times;
  bool has_chat_template;
  // The sampling that the model's files suggest. Requests that want it ask for it.
  ModelSampling sampling;
  // A sentence for each fault of the device that is worked around; empty for the CPU's kernels.
  std::vector<std::string> workarounds;
  // Contradictions in the model's files that did not prevent the load, one sentence each.
  std::vector<std::string> warnings;
};

// A resident model: weights, KV cache, tokenizer and scheduler. Loading reads the whole file and
// takes tenths of a second or more. Destruction cancels all requests, waits for the running step
// and frees all memory, also that in the device allocator's cache. Thread-safe.
class LanguageModel {
 public:
  // Loads a model. NOT_FOUND: there is no file. DATA_LOSS: a file is corrupt or missing.
  // UNIMPLEMENTED: the architecture, a type or the tokenizer is not supported yet.
  // INVALID_ARGUMENT: an option is out of range. RESOURCE_EXHAUSTED: out of memory. CANCELLED:
  // `context` was done. After an error nothing is resident.
  static absl::StatusOr<std::unique_ptr<LanguageModel>> Load(const LoadOptions& options);

  // Returns the bytes that Load() would make resident, from the headers alone: an upper bound
  // within a few percent.
  static absl::StatusOr<int64_t> EstimateBytes(const LoadOptions& options);

  virtual ~LanguageModel() = default;

  virtual const LoadedModelInfo& info() const = 0;
  virtual const Tokenizer& tokenizer() const = 0;

  // Returns the token ids of a prompt. Cheap. Special tokens that are spelled in a raw prompt
  // become these tokens. In a conversation only those that the template writes do, unless the
  // prompt says parse_special. INVALID_ARGUMENT: the prompt is empty or not UTF-8, the template
  // rejects a role, the model has no template of that name, a token has no embedding, or the prompt
  // does not fit into the context together with one new token; the message has both lengths.
  // FAILED_PRECONDITION: the template cannot be used; raw prompts can.
  virtual absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const = 0;

  // Queues a request, which runs together with others (scheduler.h). Returns as soon as the prompt
  // is encoded. INVALID_ARGUMENT: as Tokenize(); also if the sampling parameters or max_new_tokens
  // are out of range or a stop string is empty. RESOURCE_EXHAUSTED: the queue is full, or the
  // request would wait longer than its max_wait or its deadline; with the delay after which that is
  // over (base/retry_delay.h), if the pace of the model is known. A queued request ends with the
  // same code if it must make room for a caller that has fewer of them.
  virtual absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request) = 0;

  // Counts a text of `bytes` that ScoreTokens() will score, as long as the permit exists. Must be
  // called before the text is tokenized. Errors as Scheduler::AdmitText().
  virtual absl::StatusOr<TextAdmission::Permit> AdmitText(int64_t /*bytes*/,
                                                          const std::string& /*caller*/) {
    return TextAdmission::Permit();
  }

  // The number of running requests, and of waiting ones.
  virtual int running() const = 0;
  virtual int waiting() const = 0;
  // Returns how long a request would wait that came after all others.
  virtual absl::Duration expected_wait() const { return absl::ZeroDuration(); }
  // The number of KV tokens held by running requests, in whole pages; at most info().cache_tokens.
  // Does not wait for a step.
  virtual int64_t cached_tokens() const = 0;

  // Submits a request and waits for its result; calls `sink`, which may be null, on the caller's
  // thread. Errors as Submit(); also CANCELLED, DEADLINE_EXCEEDED, and RESOURCE_EXHAUSTED if the
  // device is out of memory.
  absl::StatusOr<GenerationResult> Generate(const GenerationRequest& request, GenerationSink* sink);

  // Returns the scores of tokens [first, end), each given all tokens before it. `first` must be at
  // least
  // 1. The last token is not computed, so that there may be one token more than the context length.
  // The tokens are computed in the steps of running requests, in KV pages that these do not need.
  // Blocks. INVALID_ARGUMENT: the length, `first` or a token id is out of range.
  // RESOURCE_EXHAUSTED: there are not enough pages. The model's thread checks `context` before
  // every step; its error ends the call.
  virtual absl::StatusOr<std::vector<TokenScore>> ScoreTokens(absl::Span<const TokenId> tokens,
                                                              int64_t first,
                                                              const CallContext& context) = 0;

  // Returns the logits after each of `tokens`, [tokens, vocab], fp32, row-major. For tests and
  // measurements. Waits for the current step. FAILED_PRECONDITION: requests are running or a
  // sequence is being scored.
  virtual absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId> tokens) = 0;

  // Returns the logits of several sequences of any lengths, which are computed together in one
  // pass. Errors as Logits(); RESOURCE_EXHAUSTED: they do not fit into the KV cache together.
  virtual absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<TokenId>> sequences) = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LANGUAGE_MODEL_H_
