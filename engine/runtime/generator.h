// The generation loop: prompt in chunks, then token by token until an end.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATOR_H_
#define ASSAY_ENGINE_RUNTIME_GENERATOR_H_

#include "absl/status/statusor.h"
#include "engine/runtime/decoder.h"
#include "engine/runtime/language_model.h"
#include "engine/runtime/prompt_encoder.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {

// Runs `request` on `prompt`, encoded: at least one, fewer than the context. `sink` may be null.
// The text ends at an end-of-text token, a stop string, max_new_tokens, or the context's end
// (kLength), whichever comes first. Special tokens are counted and give no text; the space
// that a SentencePiece text begins with is left out of a reply. INVALID_ARGUMENT:
// sampling, max_new_tokens, an empty stop string. CANCELLED and DEADLINE_EXCEEDED within one token
// or one chunk.
absl::StatusOr<GenerationResult> RunGeneration(const GenerationRequest& request,
                                               const EncodedPrompt& prompt, int prefill_chunk,
                                               const Tokenizer& tokenizer, Decoder& decoder,
                                               GenerationSink* sink);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATOR_H_
