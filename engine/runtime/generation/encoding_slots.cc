// A limit on the memory that the encoding of long texts takes.
#include "engine/runtime/generation/encoding_slots.h"

#include <cstddef>

namespace assay::engine {
namespace {

constexpr int kSlots = 2;
constexpr size_t kLongBytes = size_t{64} << 10;

}  // namespace

absl::StatusOr<Slots::Slot> AwaitEncodingSlot(size_t bytes, const CallContext& context) {
  static Slots slots(kSlots);
  if (bytes <= kLongBytes) return Slots::Slot();
  return slots.Acquire(context, "long texts are being tokenized");
}

size_t TextBytes(const Prompt& prompt) {
  size_t bytes = prompt.text.size() + prompt.tools.size() + prompt.variables.size();
  for (const ChatTurn& turn : prompt.chat) bytes += turn.content.size() + turn.fields.size();
  return bytes;
}

}  // namespace assay::engine
