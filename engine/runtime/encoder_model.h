// A resident encoder: computes sentence embeddings.
#ifndef ASSAY_ENGINE_RUNTIME_ENCODER_MODEL_H_
#define ASSAY_ENGINE_RUNTIME_ENCODER_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "engine/runtime/language_model.h"
#include "engine/runtime/sentence_config.h"

namespace assay::engine {

// The vector of one text.
struct TextEmbedding {
  std::vector<float> vector;
  // The number of tokens that were computed, [CLS] and [SEP] included.
  int tokens = 0;
  // True if the text had more tokens than SentenceConfig::max_tokens; the rest was not read.
  bool truncated = false;
};

// The durations of one Embed().
struct EmbeddingTimes {
  absl::Duration tokenization;
  // The time spent waiting for other calls and other models.
  absl::Duration queue;
  absl::Duration computation;
};

struct EmbeddingResult {
  // One per text, in the order of the texts.
  std::vector<TextEmbedding> embeddings;
  EmbeddingTimes times;
};

// Returns true if `path` has the files of an encoder. Reads one small file; false if it cannot be
// read.
bool IsEncoderPath(const std::string& path);

// A resident encoder: weights, buffers and tokenizer. Texts are computed in batches of about 512
// tokens, without padding; on the CPU the vector of a text does not depend on the other texts, on
// other devices only up to rounding. Thread-safe: the batches of concurrent calls take turns, and
// the model is shared fairly between their callers (base/slots.h).
class EncoderModel {
 public:
  // Loads an encoder, on the device and in the dtype of the options; kv_cache and cache_tokens must
  // be left out, and context_length limits the tokens of a text. Errors as LanguageModel::Load(),
  // whose EstimateBytes() is an upper bound for encoders too. INVALID_ARGUMENT: the model is no
  // encoder.
  static absl::StatusOr<std::unique_ptr<EncoderModel>> Load(const LoadOptions& options);

  virtual ~EncoderModel() = default;

  // kv_cache_bytes is the memory of the KV pages of a batch.
  virtual const LoadedModelInfo& info() const = 0;
  virtual const SentenceConfig& sentence() const = 0;
  // The number of elements of a vector.
  virtual int dimension() const = 0;
  // The number of calls in Embed().
  virtual int running() const = 0;

  // Computes the vector of each text, with L2 norm 1 if `normalize`. A text may be empty. Special
  // tokens that are spelled out in a text become these tokens, as in Sentence-Transformers. Blocks,
  // and checks `context` before each text and each batch. INVALID_ARGUMENT: a text is not UTF-8, or
  // a token has no embedding; the message begins with "input[i]". INTERNAL: a vector is not finite.
  // Also the errors of context.Check(), and RESOURCE_EXHAUSTED if the device is out of memory.
  virtual absl::StatusOr<EmbeddingResult> Embed(absl::Span<const std::string> texts, bool normalize,
                                                const CallContext& context) = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_ENCODER_MODEL_H_
