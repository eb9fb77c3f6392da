// A limit on the memory that the encoding of long texts takes.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_ENCODING_SLOTS_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_ENCODING_SLOTS_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/slots.h"
#include "engine/runtime/generation/generation.h"

namespace assay::engine {

// Returns what a text of `bytes` must hold while it is encoded. Encoding takes up to 60 times the
// bytes of a text for a moment, so that at most two long texts are encoded at once in the process;
// texts of up to 64 KiB do not wait. Errors as Slots::Acquire().
absl::StatusOr<Slots::Slot> AwaitEncodingSlot(size_t bytes, const CallContext& context);

// The bytes of all texts of a prompt.
size_t TextBytes(const Prompt& prompt);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_ENCODING_SLOTS_H_
