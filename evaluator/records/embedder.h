// The interface through which the evaluator computes sentence embeddings. server/ implements it.
#ifndef ASSAY_EVALUATOR_RECORDS_EMBEDDER_H_
#define ASSAY_EVALUATOR_RECORDS_EMBEDDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/call_context.h"

namespace assay::evaluator {

// Computes sentence embeddings with an encoder model of the catalog. Thread-safe.
class Embedder {
 public:
  virtual ~Embedder() = default;

  // Returns one vector per text, in the order of the texts, each of the model's dimension and of
  // L2 norm 1, so that the dot product of two vectors is their cosine similarity. `model` is the
  // model's id in the catalog. There may be any number of texts; a text may be empty, and one that
  // is longer than the model's maximum length is truncated. The same text gives the same vector
  // whatever else is in the call, on devices other than the CPU up to rounding. Blocks while the
  // model is loaded and computes (milliseconds per text on a CPU), and polls `context` between
  // batches. NOT_FOUND: the catalog has no such model. FAILED_PRECONDITION: the model is not an
  // encoder. INVALID_ARGUMENT: a text is not UTF-8 or has too many bytes; the message has its
  // index. Also the errors of a load and of context.Check().
  virtual absl::StatusOr<std::vector<std::vector<float>>> Embed(const std::string& model,
                                                                absl::Span<const std::string> texts,
                                                                const CallContext& context) = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_EMBEDDER_H_
