#include "engine/runtime/scheduler/kv_cache_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/call_context.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/scheduler/fair_order.h"
#include "tests/engine/runtime/scheduler/fakes.h"

namespace assay::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kContext = 4096;
constexpr size_t kMaxRunning = 16;

class KvCacheManagerTest : public ::testing::Test {
 protected:
  using SequencePtr = std::unique_ptr<Sequence>;

  // A request whose prompt is the tokens [first, first + length).
  SequencePtr MakeSequence(TokenId first, int length, int priority = 0) {
    GenerationRequest request;
    request.priority = priority;
    auto sequence = std::make_unique<Sequence>(std::move(request),
                                               EncodedPrompt{.tokens = TokensFrom(first, length)},
                                               tokenizer_, kContext, /*sink=*/nullptr);
    sequence->arrival_number = next_number_++;
    sequence->account = &account_;
    return sequence;
  }

  // Runs a request: gives it all pages of its tokens and one more, as after its prefill.
  SequencePtr MakeRunning(KvCacheManager& manager, TokenId first, int length, int priority = 0) {
    SequencePtr sequence = MakeSequence(first, length, priority);
    manager.ReusePrefix(*sequence);
    EXPECT_TRUE(manager.Allocate(*sequence, length + 1));
    sequence->computed = length;
    return sequence;
  }

  struct PromptSpec {
    TokenId first;
    int length;
    int priority = 0;
  };

  // Runs requests that arrive in this order, which must be that of RunsBefore().
  std::vector<SequencePtr> MakeBatch(KvCacheManager& manager,
                                     const std::vector<PromptSpec>& prompts) {
    std::vector<SequencePtr> batch;
    for (const PromptSpec& prompt : prompts) {
      batch.push_back(MakeRunning(manager, prompt.first, prompt.length, prompt.priority));
    }
    return batch;
  }

  // Checks the admission beside the requests of one caller.
  static KvCacheManager::Admission Check(const KvCacheManager& manager, const Sequence& next,
                                         std::vector<SequencePtr>& batch, size_t max_running) {
    const size_t preemptable = MovePreemptableLast(next, &batch);
    return manager.CheckAdmission(next, batch, preemptable, max_running);
  }

  std::vector<SequencePtr> Batch(SequencePtr first, SequencePtr second = nullptr) {
    std::vector<SequencePtr> batch;
    for (SequencePtr* sequence : {&first, &second}) {
      if (*sequence != nullptr) batch.push_back(std::move(*sequence));
    }
    return batch;
  }

  CountingTokenizer tokenizer_{kContext};
  const CallContext context_;
  int64_t next_number_ = 0;
  // That of the only caller.
  FairShare::Account account_;
};

TEST_F(KvCacheManagerTest, PagesAreAllocatedForTheTokensAndFreedOnce) {
  KvCacheManager manager(8, /*prefix_cache=*/true);
  const auto batch = Batch(MakeSequence(0, 40));
  Sequence& sequence = *batch[0];
  ASSERT_TRUE(manager.Allocate(sequence, 32));
  EXPECT_THAT(sequence.pages, ElementsAre(0));
  ASSERT_TRUE(manager.Allocate(sequence, 33));
  EXPECT_THAT(sequence.pages, ElementsAre(0, 1));
  ASSERT_TRUE(manager.Allocate(sequence, 20));
  EXPECT_THAT(sequence.pages, SizeIs(2));
  EXPECT_EQ(manager.available_pages(), 6);
  EXPECT_EQ(manager.UsedPages(batch), 2);
  sequence.computed = 40;
  manager.Free(sequence);
  EXPECT_THAT(sequence.pages, IsEmpty());
  EXPECT_EQ(sequence.computed, 0);
  EXPECT_EQ(manager.available_pages(), 8);
}

TEST_F(KvCacheManagerTest, AllocationFailsWhenAllPagesAreInUse) {
  KvCacheManager manager(3, /*prefix_cache=*/true);
  const SequencePtr first = MakeSequence(0, 64);
  const SequencePtr second = MakeSequence(100, 64);
  ASSERT_TRUE(manager.Allocate(*first, 64));
  EXPECT_FALSE(manager.Allocate(*second, 64));
  EXPECT_EQ(manager.available_pages(), 0);
  manager.Free(*first);
  EXPECT_TRUE(manager.Allocate(*second, 64));
}

TEST_F(KvCacheManagerTest, APrefixIsReusedWithoutRecomputing) {
  KvCacheManager manager(8, /*prefix_cache=*/true);
  const SequencePtr first = MakeRunning(manager, 0, 100);
  manager.CachePrefix(*first);
  const std::vector<int32_t> pages = first->pages;
  manager.Free(*first);
  const SequencePtr second = MakeSequence(0, 80);
  manager.ReusePrefix(*second);
  EXPECT_THAT(second->pages, ElementsAre(pages[0], pages[1]));
  EXPECT_EQ(second->computed, 64);
  EXPECT_EQ(second->prefix.pages, 2);
  const SequencePtr other = MakeSequence(1, 80);
  manager.ReusePrefix(*other);
  EXPECT_THAT(other->pages, IsEmpty());
  EXPECT_EQ(other->computed, 0);
}

TEST_F(KvCacheManagerTest, RunningRequestsShareThePagesOfAPrefix) {
  KvCacheManager manager(8, /*prefix_cache=*/true);
  SequencePtr first = MakeRunning(manager, 0, 70);
  manager.CachePrefix(*first);
  SequencePtr second = MakeRunning(manager, 0, 70);
  EXPECT_EQ(manager.available_pages(), 4);
  const auto batch = Batch(std::move(first), std::move(second));
  // Shared pages count once per request.
  EXPECT_EQ(manager.UsedPages(batch), 6);
  manager.Free(*batch[0]);
  EXPECT_EQ(manager.available_pages(), 5);
  manager.Free(*batch[1]);
  EXPECT_EQ(manager.available_pages(), 8);
}

TEST_F(KvCacheManagerTest, WithoutAPrefixCacheNothingIsReused) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  const SequencePtr first = MakeRunning(manager, 0, 100);
  manager.CachePrefix(*first);
  manager.Free(*first);
  const SequencePtr second = MakeSequence(0, 100);
  manager.ReusePrefix(*second);
  EXPECT_EQ(second->computed, 0);
}

TEST_F(KvCacheManagerTest, AMeasuredRequestNeitherReusesNorLeavesAPrefix) {
  KvCacheManager manager(8, /*prefix_cache=*/true);
  GenerationRequest request;
  request.reuse_prefix = false;
  Sequence measured(std::move(request), EncodedPrompt{.tokens = TokensFrom(0, 100)}, tokenizer_,
                    kContext, /*sink=*/nullptr);
  ASSERT_TRUE(manager.Allocate(measured, 100));
  measured.computed = 100;
  manager.CachePrefix(measured);
  manager.Free(measured);
  const SequencePtr other = MakeRunning(manager, 0, 100);
  EXPECT_EQ(other->prefix.pages, 0);
  manager.CachePrefix(*other);
  manager.ReusePrefix(measured);
  EXPECT_EQ(measured.computed, 0);
}

TEST_F(KvCacheManagerTest, UnusedPrefixesAreEvictedWhenPagesAreNeeded) {
  KvCacheManager manager(4, /*prefix_cache=*/true);
  const SequencePtr first = MakeRunning(manager, 0, 64);
  manager.CachePrefix(*first);
  manager.Free(*first);
  EXPECT_EQ(manager.available_pages(), 4);
  const SequencePtr second = MakeSequence(1000, 90);
  ASSERT_TRUE(manager.Allocate(*second, 90));
  // Two pages were free, so that only the last page of the prefix was evicted.
  const SequencePtr third = MakeSequence(0, 80);
  manager.ReusePrefix(*third);
  EXPECT_EQ(third->computed, 32);
  manager.Free(*third);
  manager.EvictPrefixes();
  manager.ReusePrefix(*third);
  EXPECT_EQ(third->computed, 0);
}

TEST_F(KvCacheManagerTest, ARequestIsAdmittedIfItsTokensAndOneMoreFit) {
  KvCacheManager manager(2, /*prefix_cache=*/true);
  EXPECT_TRUE(manager.CheckAdmission(*MakeSequence(0, 63), {}, 0, kMaxRunning).fits);
  EXPECT_FALSE(manager.CheckAdmission(*MakeSequence(0, 64), {}, 0, kMaxRunning).fits);
}

TEST_F(KvCacheManagerTest, AdmissionIsRefusedWhenThePagesAreInUse) {
  KvCacheManager manager(8, /*prefix_cache=*/true);
  // 5 pages, and one to go on.
  auto batch = MakeBatch(manager, {{0, 159}});
  EXPECT_TRUE(Check(manager, *MakeSequence(1000, 60), batch, kMaxRunning).fits);
  const auto refused = Check(manager, *MakeSequence(1000, 64), batch, kMaxRunning);
  EXPECT_FALSE(refused.fits);
  EXPECT_EQ(refused.kept, 1U);
  EXPECT_FALSE(refused.waits_for_scoring);
}

TEST_F(KvCacheManagerTest, CachedPrefixesDoNotKeepARequestOut) {
  KvCacheManager manager(4, /*prefix_cache=*/true);
  const SequencePtr first = MakeRunning(manager, 0, 127);
  manager.CachePrefix(*first);
  manager.Free(*first);
  EXPECT_TRUE(manager.CheckAdmission(*MakeSequence(1000, 127), {}, 0, kMaxRunning).fits);
}

TEST_F(KvCacheManagerTest, RequestsOfLowerPriorityArePreemptedForASlot) {
  KvCacheManager manager(64, /*prefix_cache=*/true);
  auto batch = MakeBatch(manager, {{0, 10, 1}, {100, 10, 0}, {200, 10, 0}});
  const auto high = Check(manager, *MakeSequence(300, 10, 1), batch, 3);
  EXPECT_TRUE(high.fits);
  EXPECT_EQ(high.kept, 2U);
  const auto equal = Check(manager, *MakeSequence(300, 10, 0), batch, 3);
  EXPECT_FALSE(equal.fits);
  EXPECT_EQ(equal.kept, 3U);
}

TEST_F(KvCacheManagerTest, NoMoreRequestsArePreemptedThanNecessary) {
  KvCacheManager manager(9, /*prefix_cache=*/false);
  // 2 pages each, one more each to go on.
  auto batch = MakeBatch(manager, {{0, 40}, {100, 40}, {200, 40}});
  EXPECT_EQ(Check(manager, *MakeSequence(300, 60, 1), batch, kMaxRunning).kept, 2U);
  EXPECT_EQ(Check(manager, *MakeSequence(300, 100, 1), batch, kMaxRunning).kept, 1U);
  EXPECT_EQ(Check(manager, *MakeSequence(300, 200, 1), batch, kMaxRunning).kept, 0U);
}

TEST_F(KvCacheManagerTest, NothingIsPreemptedWhereThatIsNotEnough) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  auto batch = MakeBatch(manager, {{0, 150, 5}, {1000, 10, 0}});
  const auto admission = Check(manager, *MakeSequence(2000, 100, 3), batch, kMaxRunning);
  EXPECT_FALSE(admission.fits);
  EXPECT_EQ(admission.kept, 2U);
}

TEST_F(KvCacheManagerTest, PagesSharedWithAKeptRequestAreNotFreedByPreemption) {
  KvCacheManager manager(6, /*prefix_cache=*/true);
  SequencePtr first = MakeRunning(manager, 0, 129);
  manager.CachePrefix(*first);
  // Shares 4 pages and has one of its own.
  SequencePtr second = MakeRunning(manager, 0, 129, -1);
  auto batch = Batch(std::move(first), std::move(second));
  EXPECT_EQ(manager.available_pages(), 0);
  EXPECT_FALSE(Check(manager, *MakeSequence(2000, 40), batch, kMaxRunning).fits);
}

TEST_F(KvCacheManagerTest, TheVictimHasTheLowestPriorityAndArrivedLast) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  const auto batch = MakeBatch(manager, {{0, 60, 1}, {100, 60, 0}, {200, 60, 0}});
  ASSERT_TRUE(RunsBefore(*batch[0], *batch[1]));
  ASSERT_TRUE(RunsBefore(*batch[1], *batch[2]));
  ASSERT_FALSE(manager.Allocate(*batch[0], 256));
  EXPECT_EQ(manager.ChooseVictim(*batch[0], batch), batch[2].get());
  EXPECT_EQ(manager.ChooseVictim(*batch[2], batch), batch[2].get());
}

TEST_F(KvCacheManagerTest, TheLastRequestWaitsForScoringInsteadOfARecompute) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  const auto batch = MakeBatch(manager, {{0, 60}, {100, 60}});
  const std::vector<TokenId> tokens = TokensFrom(1000, 65);
  ScoringSequence scoring{.tokens = tokens, .first = 1, .context = context_};
  ASSERT_EQ(manager.Allocate(scoring, batch), KvCacheManager::ScoringAllocation::kAllocated);
  EXPECT_EQ(manager.ChooseVictim(*batch[1], batch), nullptr);
  EXPECT_EQ(manager.ChooseVictim(*batch[0], batch), batch[1].get());
  manager.Free(scoring);
  EXPECT_EQ(manager.ChooseVictim(*batch[1], batch), batch[1].get());
}

TEST_F(KvCacheManagerTest, ASequenceGrowsOnlyIntoPagesThatOthersDoNotNeed) {
  KvCacheManager manager(5, /*prefix_cache=*/false);
  // One page each, one more each to go on: one is left.
  const auto batch = MakeBatch(manager, {{0, 20}, {100, 20}});
  EXPECT_TRUE(manager.CanGrow(*batch[0], 32, batch));
  EXPECT_TRUE(manager.CanGrow(*batch[0], 64, batch));
  EXPECT_FALSE(manager.CanGrow(*batch[0], 96, batch));
}

TEST_F(KvCacheManagerTest, ScoringGetsPagesThatRequestsDoNotNeed) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  const auto batch = MakeBatch(manager, {{0, 60}});
  const std::vector<TokenId> fits = TokensFrom(1000, 97);
  const std::vector<TokenId> other = TokensFrom(2000, 97);
  const std::vector<TokenId> too_long = TokensFrom(3000, 200);
  ScoringSequence first{.tokens = fits, .first = 1, .context = context_};
  ScoringSequence second{.tokens = other, .first = 1, .context = context_};
  ScoringSequence third{.tokens = too_long, .first = 1, .context = context_};
  EXPECT_EQ(manager.Allocate(first, batch), KvCacheManager::ScoringAllocation::kAllocated);
  EXPECT_EQ(manager.scoring_pages(), 3);
  // Pages that are allocated are not allocated again.
  EXPECT_EQ(manager.Allocate(first, batch), KvCacheManager::ScoringAllocation::kAllocated);
  EXPECT_THAT(first.pages, SizeIs(3));
  EXPECT_EQ(manager.Allocate(second, batch), KvCacheManager::ScoringAllocation::kWait);
  EXPECT_EQ(manager.Allocate(third, batch), KvCacheManager::ScoringAllocation::kFull);
  manager.Free(first);
  EXPECT_EQ(manager.scoring_pages(), 0);
  EXPECT_EQ(manager.Allocate(second, batch), KvCacheManager::ScoringAllocation::kAllocated);
}

TEST_F(KvCacheManagerTest, AdmissionReportsThatOnlyScoringKeepsARequestOut) {
  KvCacheManager manager(8, /*prefix_cache=*/false);
  const std::vector<TokenId> tokens = TokensFrom(1000, 161);
  ScoringSequence scoring{.tokens = tokens, .first = 1, .context = context_};
  ASSERT_EQ(manager.Allocate(scoring, {}), KvCacheManager::ScoringAllocation::kAllocated);
  const auto waits = manager.CheckAdmission(*MakeSequence(0, 100), {}, 0, kMaxRunning);
  EXPECT_FALSE(waits.fits);
  EXPECT_TRUE(waits.waits_for_scoring);
  const auto too_long = manager.CheckAdmission(*MakeSequence(0, 300), {}, 0, kMaxRunning);
  EXPECT_FALSE(too_long.fits);
  EXPECT_FALSE(too_long.waits_for_scoring);
}

}  // namespace
}  // namespace assay::engine
