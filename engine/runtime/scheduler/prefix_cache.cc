// The prefix cache: full KV pages that later sequences with the same prefix reuse.
#include "engine/runtime/scheduler/prefix_cache.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {

uint64_t PrefixCache::HashOf(uint64_t before, absl::Span<const TokenId> tokens) {
  return absl::HashOf(before, tokens);
}

std::vector<int32_t> PrefixCache::Find(absl::Span<const TokenId> tokens, Prefix* prefix) {
  *prefix = {};
  std::vector<int32_t> pages;
  ++clock_;
  constexpr auto kTokens = static_cast<size_t>(kPageTokens);
  for (size_t begin = 0; begin + kTokens < tokens.size(); begin += kTokens) {
    const absl::Span<const TokenId> page = tokens.subspan(begin, kTokens);
    const auto found = entries_.find(hash_(prefix->hash, page));
    if (found == entries_.end()) break;
    Entry& entry = found->second;
    if (!entry.Matches(prefix->hash, page)) break;
    entry.last_used = clock_;
    pool_->AddReference(entry.page);
    pages.push_back(entry.page);
    *prefix = {.hash = found->first, .pages = prefix->pages + 1};
  }
  return pages;
}

void PrefixCache::Insert(absl::Span<const TokenId> tokens, int32_t page, Prefix* prefix) {
  const Prefix before = *prefix;
  ++prefix->pages;
  if (!enabled_ || before.collided) return;
  prefix->hash = hash_(before.hash, tokens);
  const auto [place, added] = entries_.try_emplace(prefix->hash);
  if (!added) {
    prefix->collided = !place->second.Matches(before.hash, tokens);
    if (!prefix->collided) MarkUsed(place->second);
    return;
  }
  place->second = {.before = before.hash,
                   .tokens = {tokens.begin(), tokens.end()},
                   .page = page,
                   .last_used = clock_,
                   .depth = prefix->pages};
  pool_->AddReference(page);
  MarkUsed(place->second);
}

void PrefixCache::MarkUsed(Entry& entry) {
  entry.last_used = clock_;
  // An entry is never older than the entries after it, so that all entries before one that is
  // up to date are up to date too.
  uint64_t before = entry.before;
  for (int64_t depth = entry.depth; depth > 1; --depth) {
    const auto place = entries_.find(before);
    if (place == entries_.end() || place->second.last_used == clock_) return;
    place->second.last_used = clock_;
    before = place->second.before;
  }
}

int64_t PrefixCache::Evict(int64_t count) {
  std::vector<std::tuple<int64_t, int64_t, uint64_t>> idle;
  for (const auto& [hash, entry] : entries_) {
    if (pool_->references(entry.page) == 1) idle.emplace_back(entry.last_used, -entry.depth, hash);
  }
  const int64_t evicted = std::min(count, static_cast<int64_t>(idle.size()));
  std::nth_element(idle.begin(), idle.begin() + evicted, idle.end());
  for (int64_t i = 0; i < evicted; ++i) {
    const auto entry = entries_.find(std::get<2>(idle[static_cast<size_t>(i)]));
    pool_->Release(entry->second.page);
    entries_.erase(entry);
  }
  return evicted;
}

int64_t PrefixCache::evictable() const {
  return std::count_if(entries_.begin(), entries_.end(), [this](const auto& item) {
    return pool_->references(item.second.page) == 1;
  });
}

}  // namespace assay::engine
