// How a language model reads a text: what it expected of it.
#ifndef ASSAY_EVALUATOR_SENSE_READING_H_
#define ASSAY_EVALUATOR_SENSE_READING_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "evaluator/records/text_generator.h"

namespace assay::evaluator {

// Surprise is the negative log-likelihood in nats, divided by the number of characters, so that
// models with different tokenizers compare.
struct Reading {
  // The surprise of the text after its prompt.
  double after_prompt = 0;
  // How much the surprise of the text by itself rises if the words of each sentence are shuffled,
  // as a fraction. Word salad is near 0, because its words have no order to lose.
  double order = 0;
};

// Texts and prompts are read up to these sizes, so that they fit a context of 2,048 tokens in most
// languages.
inline constexpr size_t kMaxReadBytes = 4000;
inline constexpr size_t kMaxPromptBytes = 1500;

// Returns the text with the words of each sentence in another order. White space and the sentences
// stay where they are. The same text and seed give the same result on every machine.
std::string ShuffleWords(std::string_view text, uint64_t seed);

// Reads `text`, which must not be empty, with `model`. Takes four prefills of the text's length and
// one of the prompt's. Errors are the generator's.
absl::StatusOr<Reading> ReadText(TextGenerator& generator, const std::string& model,
                                 std::string_view prompt, std::string_view text,
                                 const CallContext& context);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SENSE_READING_H_
