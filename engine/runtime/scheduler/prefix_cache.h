// The prefix cache: full KV pages that later sequences with the same prefix reuse.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "engine/runtime/scheduler/page_pool.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Caches full KV pages, also after their sequence has finished. A page is looked up by the hash of
// all tokens up to its end. The cache holds one reference to each of its pages. It evicts pages
// that have no other reference, least recently used first; within one sequence, the last page
// first. A full page is never written again, so that sequences share it without a copy. Not
// thread-safe.
class PrefixCache {
 public:
  // A prefix of a sequence, in whole pages. A default-constructed one is the empty prefix.
  struct Prefix {
    uint64_t hash = 0;
    int64_t pages = 0;
    // True if the hash belongs to another sequence. Pages after this prefix are not cached.
    bool collided = false;
  };

  // Hashes the hash of the preceding prefix together with the tokens of a page.
  using Hash = uint64_t (*)(uint64_t, absl::Span<const TokenId>);
  static uint64_t HashOf(uint64_t before, absl::Span<const TokenId> tokens);

  // `pool` must outlive the cache. If `enabled` is false, nothing is cached.
  PrefixCache(PagePool* pool, bool enabled, Hash hash = HashOf)
      : pool_(pool), enabled_(enabled), hash_(hash) {}

  // Returns the pages of the longest cached prefix of `tokens`, and adds a reference to each of
  // them. There are at most (tokens.size() - 1) / 32, so that at least one token is left to
  // compute. Sets `prefix` to what was found.
  std::vector<int32_t> Find(absl::Span<const TokenId> tokens, Prefix* prefix);

  // Caches the page that follows `prefix` and holds the 32 tokens `tokens`, and sets `prefix` to
  // its end. If that prefix is cached already, the page that is cached stays.
  void Insert(absl::Span<const TokenId> tokens, int32_t page, Prefix* prefix);

  // Evicts pages without other references until `count` pages have become free or none is left.
  // Returns the number of pages that became free.
  int64_t Evict(int64_t count);

  // Forgets all pages without releasing them. Needs no memory.
  void Forget() { entries_.clear(); }

  // The number of pages that Evict() could free. Linear in the number of cached pages.
  int64_t evictable() const;

 private:
  struct Entry {
    // The hash of the preceding prefix and the tokens of the page: what this entry's hash is of.
    uint64_t before;
    std::vector<TokenId> tokens;
    int32_t page;
    // The time at which this prefix or a longer one was last used. Among entries that were used
    // together the deepest is evicted first.
    int64_t last_used;
    int64_t depth;

    // True if this entry is of that page; different pages may have equal hashes.
    bool Matches(uint64_t prefix, absl::Span<const TokenId> page_tokens) const {
      return before == prefix && absl::MakeConstSpan(tokens) == page_tokens;
    }
  };

  // Marks the entry as just used, and all shorter prefixes through which alone it is found.
  void MarkUsed(Entry& entry);

  PagePool* pool_;
  const bool enabled_;
  const Hash hash_;
  int64_t clock_ = 0;
  absl::flat_hash_map<uint64_t, Entry> entries_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PREFIX_CACHE_H_
