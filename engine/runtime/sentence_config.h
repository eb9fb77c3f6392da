// How the token vectors of an encoder become one vector of a text.
#ifndef ASSAY_ENGINE_RUNTIME_SENTENCE_CONFIG_H_
#define ASSAY_ENGINE_RUNTIME_SENTENCE_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay::engine {

// Which token vectors become the vector of a text; [CLS] and [SEP] count as tokens.
enum class Pooling {
  kMean,
  kCls,  // The first token's.
  kMax,  // The largest value of each dimension.
};

// What a Sentence-Transformers folder says about its encoder.
struct SentenceConfig {
  Pooling pooling = Pooling::kMean;
  // The maximum number of tokens of a text, [CLS] and [SEP] included. Longer texts are truncated.
  int64_t max_tokens = 0;
  // True if the files ask for vectors of L2 norm 1.
  bool normalizes = true;

  // Returns "mean pooling, L2 normalization, at most 256 tokens".
  std::string Describe() const;
};

// Reads modules.json, the pooling's config.json, sentence_bert_config.json and
// tokenizer_config.json of a model folder. Without modules.json the files of 1_Pooling are used if
// they exist, else mean pooling, and vectors are normalized. `hidden` is the model's width and
// `context` the number of its positions. UNIMPLEMENTED: a module or a pooling mode is not
// supported. DATA_LOSS: a file is damaged, or contradicts the model. Messages begin with the file.
absl::StatusOr<SentenceConfig> ReadSentenceConfig(const std::string& folder, int64_t hidden,
                                                  int64_t context);

// Returns the vector of a text, [width], from its token vectors, [tokens, width], of which there is
// at least one. Sums in double precision.
std::vector<float> Pool(Pooling pooling, absl::Span<const float> tokens, int64_t width);

// Divides a vector by its L2 norm. A vector of norm 0 stays as it is.
void NormalizeL2(absl::Span<float> vector);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SENTENCE_CONFIG_H_
