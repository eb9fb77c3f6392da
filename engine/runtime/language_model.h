// A model in memory, ready to generate.
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
#include "engine/runtime/scheduler/token_score.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

inline constexpr int kDefaultMaxContext = 8192;
inline constexpr int kDefaultCacheTokens = 8192;

struct LoadOptions {
  // A GGUF file, or a Hugging Face folder (config.json, safetensors, tokenizer).
  std::string path;
  DeviceInfo device;
  // "auto", "float32", "float16", "bfloat16".
  std::string dtype = "auto";
  // How matrices are kept. "auto": on the CPU as they are stored (8 bits where its kernels do not
  // read the stored type), elsewhere in the dtype. "full": in the dtype. "int8", "int4": those of
  // the layers in 8 or 4 bits, less memory, a little less quality.
  std::string weights = "auto";
  // Keys and values on the CPU: "auto" (int8, but float16 where the keys have a bias, float32 where
  // weights are "full"), "float32", "float16", "int8" (half of that, with scales; UNIMPLEMENTED
  // elsewhere). Elsewhere they have the dtype.
  std::string kv_cache = "auto";
  // Tokens of all requests together that the cache of keys and values holds; 0 = the context, at
  // least kDefaultCacheTokens. On the CPU its memory becomes resident as it is used.
  int cache_tokens = 0;
  // False: on the CPU too libtorch's operators compute, as on other devices. Slower; for tests and
  // comparisons.
  bool cpu_kernels = true;
  // Longest sequence to serve; 0 = the model's own, but at most kDefaultMaxContext.
  int context_length = 0;
  // Prompt tokens that are computed at once, at least 1; between two chunks a request can be
  // cancelled. Fewer while other requests are being answered.
  int prefill_chunk = 128;
  // On the CPU: tokens guessed from the text and read along with the last one where that pays, for
  // one request (scheduler.h); results are the same. 0 = none; at most 64.
  int draft_tokens = 7;
  // Requests that are computed together, and that may wait beside them.
  int max_running = 16;
  int max_waiting = 64;
  // Called on the loading thread. stage: "opening", "weights", "warm-up"; fraction of the whole
  // load, 0 to 1.
  std::function<void(std::string_view stage, double fraction)> progress;
  // Polled between tensors; true ends the load with CANCELLED and frees everything.
  CallContext context;
};

// Where the time of a load went.
struct LoadTimes {
  // Headers and configuration.
  absl::Duration files;
  // Runs beside the weights.
  absl::Duration tokenizer;
  // Read and packed, or sent to the device.
  absl::Duration weights;
  // Buffers and the first computation.
  absl::Duration warm_up;
  // Of them all; less than their sum.
  absl::Duration total;
};

struct LoadedModelInfo {
  std::string architecture;
  std::string name;
  int64_t parameter_count;
  int context_length;
  int vocab_size;
  std::string device;
  std::string dtype;
  // The type most weights have in the file ("Q4_1"); "BF16 as int8" where they are kept otherwise.
  std::string quantization;
  int64_t weight_bytes;
  int64_t kv_cache_bytes;
  // What fits the cache.
  int64_t cache_tokens;
  // Tokenizer, tables and buffers of a step, by engine/runtime/memory_need.h.
  int64_t working_bytes;
  LoadTimes load_times;
  bool has_chat_template;
};

// Weights, cache, tokenizer and scheduler of one model. Loading takes from tenths of a second on
// and reads the whole file; destruction cancels what runs, waits for it and frees all (and empties
// the device allocator's cache). Thread-safe.
class LanguageModel {
 public:
  // NOT_FOUND, DATA_LOSS (corrupt), UNIMPLEMENTED (architecture, type or tokenizer not read yet),
  // INVALID_ARGUMENT (dtype, context), RESOURCE_EXHAUSTED (out of memory), CANCELLED. Leaves
  // nothing resident.
  static absl::StatusOr<std::unique_ptr<LanguageModel>> Load(const LoadOptions& options);

  // Bytes that Load() would make resident, from the header alone; an upper bound within a few per
  // cent.
  static absl::StatusOr<int64_t> EstimateBytes(const LoadOptions& options);

  virtual ~LanguageModel() = default;

  virtual const LoadedModelInfo& info() const = 0;
  virtual const Tokenizer& tokenizer() const = 0;

  // Token ids of a prompt. INVALID_ARGUMENT: empty prompt, invalid UTF-8, a role the template
  // refuses, or a prompt that leaves no room for one new token in the context; the message has both
  // lengths. Cheap; thread-safe. A rendered conversation and a raw text are encoded as transformers
  // does it: a special token spelled out in them becomes that token. Services that take text from
  // strangers refuse or rewrite such text first.
  virtual absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const = 0;

  // Queues a request; it runs together with others (scheduler.h). INVALID_ARGUMENT as Tokenize(),
  // or sampling, max_new_tokens, an empty stop string; RESOURCE_EXHAUSTED: the queue is full.
  // Returns as soon as the prompt is encoded.
  virtual absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(GenerationRequest request) = 0;

  virtual int running() const = 0;
  virtual int waiting() const = 0;
  // Tokens of running requests in the cache of keys and values, in whole pages; at most
  // info().cache_tokens. Does not wait for a step.
  virtual int64_t cached_tokens() const = 0;

  // Submits a request and follows it to its end, on the caller's thread. `sink` may be null. Also
  // CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (device out of memory).
  absl::StatusOr<GenerationResult> Generate(const GenerationRequest& request, GenerationSink* sink);

  // Of tokens [first, end), each given those before it; `first` is at least 1, and the last token
  // is not read, so that there may be one more than the context. Steps of running requests read it
  // along, with pages that they do not need: RESOURCE_EXHAUSTED where there are not enough.
  // `wanted` is asked before every step, on the model's thread; what it returns but OK ends the
  // call. INVALID_ARGUMENT: lengths, ids.
  virtual absl::StatusOr<std::vector<TokenScore>> ScoreTokens(absl::Span<const TokenId> tokens,
                                                              int64_t first,
                                                              const CallContext& context) = 0;

  // Logits of the next token after each of `tokens`: [tokens, vocab], fp32, row-major. For tests
  // and measurements; waits for its turn, and is refused with FAILED_PRECONDITION while requests
  // run or a text is scored.
  virtual absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId> tokens) = 0;

  // The same of several sequences of any lengths, computed together in one pass over caches of
  // their own.
  virtual absl::StatusOr<std::vector<std::vector<float>>> BatchLogits(
      absl::Span<const std::vector<TokenId>> sequences) = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_LANGUAGE_MODEL_H_
