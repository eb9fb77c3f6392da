// The sense of a text: what models that did not write it read in it.
#ifndef ASSAY_EVALUATOR_SENSE_SENSE_H_
#define ASSAY_EVALUATOR_SENSE_SENSE_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "evaluator/records/embedder.h"
#include "evaluator/records/text_generator.h"
#include "evaluator/sense/reading.h"
#include "evaluator/sense/references.h"

namespace assay::evaluator {

// One judgment of a text.
struct SenseFactor {
  // "topic", "fluency", "coherence" or "facts".
  std::string_view name;
  // From 0 to 1, a factor of the score. Absent if it could not be judged.
  std::optional<double> value;
  // Why, in one sentence with the measured figures.
  std::string reason;
};

// The models that read. An empty id means none.
struct SenseModels {
  // A language model of the catalog, for fluency and coherence.
  std::string language_model;
  // An encoder of the catalog, for the topic.
  std::string encoder;
};

// Judges what a text changes of the prompt's numbers, units and dates (facts.h). The factor "facts"
// needs no model and is never absent.
SenseFactor JudgeFacts(std::string_view prompt, std::string_view text);

// Judges texts with the models of the catalog. Three factors:
//   - topic: the cosine similarity of prompt and text;
//   - fluency: how much the language model minds if the words of each sentence are shuffled;
//   - coherence: its surprise at the text after the prompt.
// The scales come from the models' own readings of two reference texts in the
// text's language (references.h). A model that cannot tell these from shuffled words, or their
// topics from each other, does not know the language, and its factors are absent.
//
// Thread-safe. The first text of a language takes the time of five texts; the scales are kept per
// model revision. Each text costs four prefills and one embedding, milliseconds to a second.
class SenseReader {
 public:
  // The pointers must outlive the reader; `embedder` may be null if `models` has no encoder.
  SenseReader(TextGenerator* generator, Embedder* embedder, SenseModels models);

  // Judges `text`, an answer to `prompt`; `language` is that of the text (language.h). Errors are
  // those of the generator and the embedder, with the model's name.
  absl::StatusOr<std::vector<SenseFactor>> Judge(std::string_view prompt, std::string_view text,
                                                 std::string_view language,
                                                 const CallContext& context);

  // Returns the ids of the models and, once known, their revisions:
  // "smollm2_135m+minilm@sha256:1f0c,sha256:77ab".
  std::string Version() const;

  const SenseModels& models() const { return models_; }

 private:
  // What the models make of the reference texts of one language.
  struct Scale {
    Reading reading;
    bool reads = false;
    // The mean similarity of a prompt with its own text and with the other text.
    double own_topic = 0;
    double other_topic = 0;
    bool embeds = false;
  };

  absl::StatusOr<Scale> ScaleOf(std::string_view language, const CallContext& context);
  absl::StatusOr<Scale> Measure(std::string_view language, const CallContext& context);
  absl::Status MeasureTopics(const std::vector<ReferenceText>& references,
                             const CallContext& context, Scale* scale);
  // Returns one vector per text.
  absl::StatusOr<std::vector<std::vector<float>>> Embed(absl::Span<const std::string> texts,
                                                        const CallContext& context);
  absl::StatusOr<SenseFactor> Topic(const Scale& scale, std::string_view prompt,
                                    std::string_view text, std::string_view language,
                                    const CallContext& context);
  absl::Status Read(const Scale& scale, std::string_view prompt, std::string_view text,
                    std::string_view language, const CallContext& context,
                    std::vector<SenseFactor>* factors);

  TextGenerator* const generator_;
  Embedder* const embedder_;
  const SenseModels models_;

  absl::Mutex mutex_;
  // By version and language.
  std::map<std::pair<std::string, std::string>, Scale> scales_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_SENSE_H_
