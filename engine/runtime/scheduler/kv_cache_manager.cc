// Decides which request gets which KV pages.
#include "engine/runtime/scheduler/kv_cache_manager.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {

KvCacheManager::KvCacheManager(int64_t pages, bool prefix_cache)
    : pool_(pages), prefixes_(&pool_, prefix_cache) {}

KvCacheManager::Admission KvCacheManager::CheckAdmission(const Sequence& next, Running running,
                                                         size_t preemptable,
                                                         size_t max_running) const {
  const int64_t needed = PagesFor(next.length() + 1);
  size_t kept = running.size();
  while (kept >= max_running || !HasPages(needed, running, kept)) {
    if (kept + preemptable == running.size()) {
      return {.fits = false,
              .kept = running.size(),
              .waits_for_scoring =
                  kept < max_running && HasPages(needed - scoring_pages_, running, kept)};
    }
    --kept;
  }
  return {.fits = true, .kept = kept};
}

void KvCacheManager::ReusePrefix(Sequence& sequence) {
  if (sequence.reuses_prefix()) {
    sequence.pages = prefixes_.Find(sequence.tokens(), &sequence.prefix);
  }
  sequence.computed = static_cast<int64_t>(sequence.pages.size()) * kPageTokens;
}

bool KvCacheManager::Allocate(Sequence& sequence, int64_t tokens) {
  return AllocateUpTo(PagesFor(tokens), &sequence.pages);
}

Sequence* KvCacheManager::ChooseVictim(const Sequence& sequence, Running running) const {
  Sequence* const last = running.back().get();
  return last == &sequence && scoring_pages_ > 0 ? nullptr : last;
}

bool KvCacheManager::CanGrow(const Sequence& sequence, int64_t tokens, Running running) const {
  const int64_t missing = PagesFor(tokens) - static_cast<int64_t>(sequence.pages.size());
  return HasPages(missing, running, running.size());
}

void KvCacheManager::CachePrefix(Sequence& sequence) {
  if (!sequence.reuses_prefix()) return;
  const absl::Span<const TokenId> tokens = sequence.tokens();
  for (int64_t page = sequence.prefix.pages; (page + 1) * kPageTokens <= sequence.computed;
       ++page) {
    prefixes_.Insert(
        tokens.subspan(static_cast<size_t>(page * kPageTokens), static_cast<size_t>(kPageTokens)),
        sequence.pages[static_cast<size_t>(page)], &sequence.prefix);
  }
}

void KvCacheManager::Free(Sequence& sequence) {
  Release(&sequence.pages);
  sequence.computed = 0;
  sequence.prefix = {};
}

KvCacheManager::ScoringAllocation KvCacheManager::Allocate(ScoringSequence& sequence,
                                                           Running running) {
  if (!sequence.pages.empty()) return ScoringAllocation::kAllocated;
  const int64_t count = PagesFor(sequence.length());
  if (HasPages(count, running, running.size())) {
    AllocateUpTo(count, &sequence.pages);
    scoring_pages_ += count;
    return ScoringAllocation::kAllocated;
  }
  return HasPages(count - scoring_pages_, running, running.size()) ? ScoringAllocation::kWait
                                                                   : ScoringAllocation::kFull;
}

void KvCacheManager::Free(ScoringSequence& sequence) {
  scoring_pages_ -= static_cast<int64_t>(sequence.pages.size());
  Release(&sequence.pages);
}

void KvCacheManager::EvictPrefixes() { prefixes_.Evict(pool_.size()); }

void KvCacheManager::Reset() {
  prefixes_.Forget();
  pool_.Reset();
  scoring_pages_ = 0;
}

int64_t KvCacheManager::UsedPages(Running running) const {
  int64_t pages = 0;
  for (const auto& sequence : running) pages += static_cast<int64_t>(sequence->pages.size());
  return std::min(pages, pool_.size());
}

bool KvCacheManager::HasPages(int64_t count, Running running, size_t kept) const {
  int64_t needed = count;
  for (const auto& sequence : running.first(kept)) {
    const auto held = static_cast<int64_t>(sequence->pages.size());
    // At least one page, so that the request can go on for a while.
    needed += std::max<int64_t>(1, PagesFor(sequence->length() + 1) - held);
  }
  const int64_t free = pool_.free() + PagesFreedBy(running.subspan(kept));
  // Counting the evictable pages is linear in the prefix cache: only where it matters.
  return free >= needed || free + prefixes_.evictable() >= needed;
}

int64_t KvCacheManager::PagesFreedBy(Running preempted) const {
  absl::flat_hash_map<int32_t, int> references;
  for (const auto& sequence : preempted) {
    for (const int32_t page : sequence->pages) ++references[page];
  }
  // Sequences share a page only through the prefix cache: its reference may be the one left.
  return std::count_if(references.begin(), references.end(), [this](const auto& page_references) {
    return pool_.references(page_references.first) - page_references.second <= 1;
  });
}

bool KvCacheManager::AllocateUpTo(int64_t count, std::vector<int32_t>* pages) {
  const int64_t missing = count - static_cast<int64_t>(pages->size()) - pool_.free();
  if (missing > 0) prefixes_.Evict(missing);
  while (static_cast<int64_t>(pages->size()) < count) {
    const std::optional<int32_t> page = pool_.Allocate();
    if (!page.has_value()) return false;
    pages->push_back(*page);
  }
  return true;
}

void KvCacheManager::Release(std::vector<int32_t>* pages) {
  for (const int32_t page : *pages) pool_.Release(page);
  pages->clear();
}

}  // namespace assay::engine
