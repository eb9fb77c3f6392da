// The order in which a device computes the chunks of a step.
#include "engine/runtime/executor/step_layout.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {
namespace {

constexpr int64_t kMinPaddedKeys = 64;
constexpr int64_t kPaddedLengthsPerOctave = 4;
// The ratio of lengths above which chunks of one token are not computed together.
constexpr int64_t kMaxLengthRatio = 4;

int64_t CountOf(const SequenceChunk& chunk) { return static_cast<int64_t>(chunk.tokens.size()); }
int64_t EndOf(const SequenceChunk& chunk) { return chunk.position + CountOf(chunk); }

int64_t SlotOf(const SequenceChunk& chunk, int64_t position) {
  return chunk.pages[static_cast<size_t>(position / kPageTokens)] * kPageTokens +
         position % kPageTokens;
}

// Puts chunks of one token before others, and the long ones of them first.
std::vector<size_t> Order(absl::Span<const SequenceChunk> chunks) {
  std::vector<size_t> order(chunks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const bool one_a = CountOf(chunks[a]) == 1;
    const bool one_b = CountOf(chunks[b]) == 1;
    if (one_a != one_b) return one_a;
    return one_a && chunks[a].position > chunks[b].position;
  });
  return order;
}

// Returns true if `chunk` may join a group that `first` has begun.
bool Joins(const SequenceChunk& first, const SequenceChunk& chunk) {
  if (CountOf(first) != 1 || CountOf(chunk) != 1) return false;
  const int64_t longest = EndOf(first);
  return longest <= kMinPaddedKeys || longest <= kMaxLengthRatio * EndOf(chunk);
}

// Builds the keys of the group of `members`, or of their last `window` positions if that is not 0.
StepLayout::Keys KeysOf(absl::Span<const SequenceChunk> chunks, absl::Span<const size_t> members,
                        int64_t window, StepLayout* layout) {
  std::vector<int64_t> begins;
  int64_t longest = 0;
  for (const size_t i : members) {
    const int64_t first_hidden = chunks[i].position - window + 1;
    begins.push_back(window == 0 ? 0 : std::max<int64_t>(0, first_hidden));
    longest = std::max(longest, EndOf(chunks[i]) - begins.back());
  }
  StepLayout::Keys keys{.length = PaddedKeys(longest)};
  std::vector<int64_t> slots;
  slots.reserve(members.size() * static_cast<size_t>(keys.length));
  for (size_t m = 0; m < members.size(); ++m) {
    const SequenceChunk& chunk = chunks[members[m]];
    for (int64_t k = 0; k < keys.length; ++k) {
      const int64_t position = begins[m] + k;
      slots.push_back(SlotOf(chunk, position < EndOf(chunk) ? position : begins[m]));
    }
  }
  keys.slots = layout->Add(slots);
  keys.begins = layout->Add(begins);
  return keys;
}

}  // namespace

int64_t PaddedKeys(int64_t length) {
  if (length <= kMinPaddedKeys) return kMinPaddedKeys;
  const auto octave = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(length - 1)));
  const int64_t step = std::max<int64_t>(1, octave / kPaddedLengthsPerOctave);
  return (length + step - 1) / step * step;
}

StepLayout::Range StepLayout::Add(absl::Span<const int64_t> numbers) {
  const Range range{.begin = static_cast<int64_t>(values.size()),
                    .size = static_cast<int64_t>(numbers.size())};
  values.insert(values.end(), numbers.begin(), numbers.end());
  return range;
}

StepLayout LayOut(absl::Span<const SequenceChunk> chunks, int64_t window) {
  StepLayout layout;
  layout.order = Order(chunks);
  std::vector<int64_t> tokens;
  std::vector<int64_t> positions;
  std::vector<int64_t> slots;
  std::vector<int64_t> first_row(chunks.size());
  for (const size_t i : layout.order) {
    const SequenceChunk& chunk = chunks[i];
    first_row[i] = static_cast<int64_t>(tokens.size());
    tokens.insert(tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    for (int64_t t = chunk.position; t < EndOf(chunk); ++t) {
      positions.push_back(t);
      slots.push_back(SlotOf(chunk, t));
    }
  }
  std::vector<int64_t> logit_rows;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const int64_t end = first_row[i] + CountOf(chunks[i]);
    for (int64_t row = end - chunks[i].logits; row < end; ++row) logit_rows.push_back(row);
  }
  layout.tokens = layout.Add(tokens);
  layout.positions = layout.Add(positions);
  layout.slots = layout.Add(slots);
  layout.logit_rows = layout.Add(logit_rows);
  const absl::Span<const size_t> order = layout.order;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && Joins(chunks[order[begin]], chunks[order[end]])) ++end;
    const absl::Span<const size_t> members = order.subspan(begin, end - begin);
    StepLayout::Group group{.row = first_row[members.front()],
                            .sequences = static_cast<int64_t>(members.size()),
                            .tokens = CountOf(chunks[members.front()]),
                            .keys = KeysOf(chunks, members, 0, &layout)};
    if (window > 0) group.window_keys = KeysOf(chunks, members, window, &layout);
    layout.groups.push_back(group);
    begin = end;
  }
  return layout;
}

}  // namespace assay::engine
