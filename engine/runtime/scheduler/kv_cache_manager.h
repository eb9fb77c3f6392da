// Decides which request gets which KV pages. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_KV_CACHE_MANAGER_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_KV_CACHE_MANAGER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "engine/runtime/scheduler/page_pool.h"
#include "engine/runtime/scheduler/prefix_cache.h"
#include "engine/runtime/scheduler/scoring_sequence.h"
#include "engine/runtime/scheduler/sequence.h"

namespace assay::engine {

// Manages the KV cache of one model: allocates its pages to sequences, reuses prefixes that are
// still cached, and decides which requests are admitted and which are preempted. It holds page
// numbers, not memory, and no list of requests: the scheduler passes its own and carries out the
// decisions. Cheap. Has no thread and no mutex: the caller must serialize all calls. (Model: vLLM's
// v1/core/kv_cache_manager.py.)
class KvCacheManager {
 public:
  // The running requests: the last one is the first to be preempted.
  using Running = absl::Span<const std::unique_ptr<Sequence>>;

  // The decision about a waiting request.
  struct Admission {
    // True if the request fits beside the first `kept` running ones.
    bool fits = false;
    // The others must be preempted first. All are kept if the request does not fit.
    size_t kept = 0;
    // True if the request would fit if no sequence were being scored.
    bool waits_for_scoring = false;
  };

  enum class ScoringAllocation {
    // The sequence has its pages.
    kAllocated,
    // It gets them when other scoring sequences have ended.
    kWait,
    // Running requests hold too many pages.
    kFull,
  };

  // `pages` is the number of pages of the executor. If `prefix_cache` is false, no prefix is
  // reused.
  KvCacheManager(int64_t pages, bool prefix_cache);

  KvCacheManager(const KvCacheManager&) = delete;
  KvCacheManager& operator=(const KvCacheManager&) = delete;

  // Decides whether `next` can run beside `running`, of which at most `max_running` run in the end.
  // It fits if its tokens and one more do, after every request that is kept has the pages that it
  // needs to go on. Only the last `preemptable` requests are preempted, no more of them than
  // necessary, and none if that is not enough. Changes nothing.
  Admission CheckAdmission(const Sequence& next, Running running, size_t preemptable,
                           size_t max_running) const;

  // Gives an admitted sequence the cached pages of its prefix, if it may reuse them, and sets
  // `computed` to the tokens in them.
  void ReusePrefix(Sequence& sequence);

  // Adds pages until the sequence has room for `tokens` tokens; evicts cached prefixes if too few
  // pages are free. Returns false if there are not enough; pages added so far stay.
  bool Allocate(Sequence& sequence, int64_t tokens);

  // Returns the request to preempt after Allocate() has failed for `sequence`, one of `running`:
  // the last one, which may be `sequence` itself. Returns null if `sequence` is that request and
  // sequences are being scored: they end soon, and waiting for their pages costs less than a
  // recompute.
  Sequence* ChooseVictim(const Sequence& sequence, Running running) const;

  // True if `sequence` can grow to `tokens` tokens while every running request gets the pages that
  // it needs to go on.
  bool CanGrow(const Sequence& sequence, int64_t tokens, Running running) const;

  // Offers the sequence's computed full pages to the prefix cache, if it may leave its prefix
  // there.
  void CachePrefix(Sequence& sequence);

  // Releases all pages of a sequence, which must be computed again if it goes on. Pages in the
  // prefix cache stay there until they are evicted.
  void Free(Sequence& sequence);

  // Allocates all pages of a sequence that is scored, if they are available beside what the running
  // requests need to go on. Does nothing if it has them.
  ScoringAllocation Allocate(ScoringSequence& sequence, Running running);
  void Free(ScoringSequence& sequence);

  // Evicts all cached prefixes that are not in use.
  void EvictPrefixes();

  // Frees all pages, also those that sequences hold, and forgets all prefixes. For a cache that an
  // exception left in the middle of a change, when no sequence uses it anymore. Needs no memory.
  void Reset();

  // The number of pages that are free or only kept in the prefix cache.
  int64_t available_pages() const { return pool_.free() + prefixes_.evictable(); }
  // The number of pages that sequences being scored hold.
  int64_t scoring_pages() const { return scoring_pages_; }
  // The number of pages that running requests hold. Shared pages count once per request, up to the
  // number of all pages.
  int64_t UsedPages(Running running) const;

 private:
  // True if `count` pages are available after `running.subspan(kept)` were preempted and each of
  // the first `kept` requests got the pages that it needs to go on.
  bool HasPages(int64_t count, Running running, size_t kept) const;
  // The number of pages that would become free if all of `preempted` were.
  int64_t PagesFreedBy(Running preempted) const;
  // Adds pages up to `count`. Returns false if there are not enough.
  bool AllocateUpTo(int64_t count, std::vector<int32_t>* pages);
  void Release(std::vector<int32_t>* pages);

  PagePool pool_;
  PrefixCache prefixes_;
  int64_t scoring_pages_ = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_KV_CACHE_MANAGER_H_
