// Pages whose beginning of a text may come again.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "engine/runtime/scheduler/page_pool.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Keeps full pages after their sequence has ended, found again by all the tokens up to the page's
// end. It is a user of the pool's pages; those that nobody else uses are given back, the least
// recently used first, and of a text from its end. Pages are never written once they are full, so
// sequences share them without copies. Not thread-safe.
class PrefixCache {
 public:
  // The beginning of a text, whole pages; the empty one to start with.
  struct Prefix {
    uint64_t hash = 0;
    int64_t pages = 0;
    // Its hash stands for another text: nothing that follows is remembered.
    bool collided = false;
  };

  // Of the hash of the prefix before, and a page's tokens.
  using Hash = uint64_t (*)(uint64_t, absl::Span<const TokenId>);
  static uint64_t HashOf(uint64_t before, absl::Span<const TokenId> tokens);

  // enabled: false keeps nothing.
  PrefixCache(PagePool* pool, bool enabled, Hash hash = HashOf)
      : pool_(pool), enabled_(enabled), hash_(hash) {}

  // The pages of the longest known beginning of `tokens`, each with one user more, at most
  // (tokens.size() - 1) / 32: a token is left to compute. Sets `prefix` to what was found.
  std::vector<int32_t> Find(absl::Span<const TokenId> tokens, Prefix* prefix);

  // Remembers the page that follows `prefix` and holds `tokens`, 32 of them; sets `prefix` to its
  // end. A beginning that is known keeps its first page.
  void Add(absl::Span<const TokenId> tokens, int32_t page, Prefix* prefix);

  // Gives up pages that nobody else uses until `count` have become free, or none is left; returns
  // how many became free.
  int64_t Free(int64_t count);

  // Pages that Free() could free.
  int64_t freeable() const;

 private:
  struct Entry {
    // Of the prefix before, and its own: what the hash stands for.
    uint64_t before;
    std::vector<TokenId> tokens;
    int32_t page;
    // When it or a longer prefix was last used. Of those used together the longest goes first.
    int64_t used;
    int64_t depth;

    // Hashes may be equal by chance.
    bool StandsFor(uint64_t prefix, absl::Span<const TokenId> page_tokens) const {
      return before == prefix && absl::MakeConstSpan(tokens) == page_tokens;
    }
  };

  // The entry, and those of the prefixes that it can only be found by.
  void MarkUsed(Entry& entry);

  PagePool* pool_;
  const bool enabled_;
  const Hash hash_;
  int64_t clock_ = 0;
  absl::flat_hash_map<uint64_t, Entry> entries_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_
