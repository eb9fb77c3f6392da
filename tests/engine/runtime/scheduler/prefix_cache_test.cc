#include "engine/runtime/scheduler/prefix_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/kv_pages.h"

namespace assay::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kPage = static_cast<size_t>(kPageTokens);

std::vector<TokenId> Text(TokenId first, size_t pages) {
  std::vector<TokenId> tokens(pages * kPage + 1);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

// Caches the text's full pages, which are allocated for it and then released.
std::vector<int32_t> CachePages(const std::vector<TokenId>& text, PagePool* pool,
                                PrefixCache* cache) {
  std::vector<int32_t> pages;
  PrefixCache::Prefix prefix;
  for (size_t begin = 0; begin + kPage < text.size(); begin += kPage) {
    pages.push_back(*pool->Allocate());
    cache->Insert(absl::MakeConstSpan(text).subspan(begin, kPage), pages.back(), &prefix);
  }
  EXPECT_EQ(prefix.pages, static_cast<int64_t>(pages.size()));
  for (const int32_t page : pages) pool->Release(page);
  return pages;
}

TEST(PrefixCacheTest, TheLongestCachedPrefixIsFound) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 3);
  const std::vector<int32_t> pages = CachePages(text, &pool, &cache);
  PrefixCache::Prefix prefix;
  EXPECT_EQ(cache.Find(text, &prefix), pages);
  std::vector<TokenId> other = text;
  other[2 * kPage] += 1;
  EXPECT_THAT(cache.Find(other, &prefix), ElementsAre(pages[0], pages[1]));
  EXPECT_EQ(prefix.pages, 2);
}

// Gives the first pages of all texts the same hash, and later pages their own.
uint64_t Colliding(uint64_t before, absl::Span<const TokenId> tokens) {
  return before == 0 ? 1 : PrefixCache::HashOf(before, tokens);
}

TEST(PrefixCacheTest, PagesAfterACollisionAreNotCached) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true, Colliding);
  const std::vector<TokenId> first = Text(0, 1);
  const std::vector<int32_t> cached = CachePages(first, &pool, &cache);
  // Its first page collides with that of the first text.
  const std::vector<TokenId> second = Text(1000, 3);
  CachePages(second, &pool, &cache);
  EXPECT_EQ(pool.free() + cache.evictable(), 8);
  // The first page of the first text, then the other pages of the second.
  std::vector<TokenId> mixed(first.begin(), first.begin() + kPage);
  mixed.insert(mixed.end(), second.begin() + kPage, second.end());
  PrefixCache::Prefix prefix;
  EXPECT_EQ(cache.Find(mixed, &prefix), cached);
  EXPECT_THAT(cache.Find(second, &prefix), IsEmpty());
}

// A regression test: pages that were computed later had a later time of use, so that the first page
// was evicted and the others could not be found any more.
TEST(PrefixCacheTest, AnInterruptedSequenceIsEvictedFromItsEnd) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 3);
  PrefixCache::Prefix prefix;
  std::vector<int32_t> pages;
  for (size_t begin = 0; begin + kPage < text.size(); begin += kPage) {
    // Another request is admitted.
    PrefixCache::Prefix other;
    EXPECT_THAT(cache.Find(Text(5000, 1), &other), IsEmpty());
    pages.push_back(*pool.Allocate());
    cache.Insert(absl::MakeConstSpan(text).subspan(begin, kPage), pages.back(), &prefix);
  }
  for (const int32_t page : pages) pool.Release(page);
  EXPECT_EQ(cache.Evict(1), 1);
  EXPECT_EQ(cache.Find(text, &prefix), std::vector<int32_t>(pages.begin(), pages.begin() + 2));
}

TEST(PrefixCacheTest, ARecomputedSequenceIsMarkedUsedAsAWhole) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 2);
  const std::vector<int32_t> pages = CachePages(text, &pool, &cache);
  // Another request with the same text was admitted beside the first, with pages of its own.
  const std::vector<int32_t> own = {*pool.Allocate(), *pool.Allocate()};
  PrefixCache::Prefix prefix;
  PrefixCache::Prefix other;
  cache.Insert(absl::MakeConstSpan(text).subspan(0, kPage), own[0], &prefix);
  EXPECT_THAT(cache.Find(Text(5000, 2), &other), IsEmpty());
  CachePages(Text(5000, 2), &pool, &cache);
  EXPECT_THAT(cache.Find(Text(9000, 1), &other), IsEmpty());
  cache.Insert(absl::MakeConstSpan(text).subspan(kPage, kPage), own[1], &prefix);
  EXPECT_EQ(cache.Evict(2), 2);
  EXPECT_EQ(cache.Find(text, &prefix), pages);
}

TEST(PrefixCacheTest, PagesInUseAreNotEvicted) {
  PagePool pool(4);
  PrefixCache cache(&pool, /*enabled=*/true);
  CachePages(Text(0, 1), &pool, &cache);
  CachePages(Text(500, 2), &pool, &cache);
  PrefixCache::Prefix prefix;
  const std::vector<int32_t> used = cache.Find(Text(0, 1), &prefix);
  EXPECT_EQ(cache.evictable(), 2);
  EXPECT_EQ(cache.Evict(4), 2);
  EXPECT_EQ(pool.free(), 3);
  pool.Release(used[0]);
  EXPECT_EQ(cache.Evict(4), 1);
}

}  // namespace
}  // namespace assay::engine
