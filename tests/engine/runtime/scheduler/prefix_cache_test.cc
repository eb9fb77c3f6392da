// Beginnings of texts and where they lie.
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

// Remembers the text's whole pages, which it takes from the pool and gives back.
std::vector<int32_t> Remember(const std::vector<TokenId>& text, PagePool* pool,
                              PrefixCache* cache) {
  std::vector<int32_t> pages;
  PrefixCache::Prefix prefix;
  for (size_t begin = 0; begin + kPage < text.size(); begin += kPage) {
    pages.push_back(*pool->Take());
    cache->Add(absl::MakeConstSpan(text).subspan(begin, kPage), pages.back(), &prefix);
  }
  EXPECT_EQ(prefix.pages, static_cast<int64_t>(pages.size()));
  for (const int32_t page : pages) pool->Release(page);
  return pages;
}

TEST(PrefixCacheTest, ABeginningIsFoundAsFarAsItIsKnown) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 3);
  const std::vector<int32_t> pages = Remember(text, &pool, &cache);
  PrefixCache::Prefix prefix;
  EXPECT_EQ(cache.Find(text, &prefix), pages);
  std::vector<TokenId> other = text;
  other[2 * kPage] += 1;
  EXPECT_THAT(cache.Find(other, &prefix), ElementsAre(pages[0], pages[1]));
  EXPECT_EQ(prefix.pages, 2);
}

// The first pages of all texts have the same hash, those behind them their own.
uint64_t Colliding(uint64_t before, absl::Span<const TokenId> tokens) {
  return before == 0 ? 1 : PrefixCache::HashOf(before, tokens);
}

TEST(PrefixCacheTest, APageBehindACollisionIsNoOtherTextsPage) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true, Colliding);
  const std::vector<TokenId> first = Text(0, 1);
  const std::vector<int32_t> known = Remember(first, &pool, &cache);
  // Begins otherwise.
  const std::vector<TokenId> second = Text(1000, 3);
  Remember(second, &pool, &cache);
  EXPECT_EQ(pool.free() + cache.freeable(), 8);
  // The first text, and what followed the second.
  std::vector<TokenId> mixed(first.begin(), first.begin() + kPage);
  mixed.insert(mixed.end(), second.begin() + kPage, second.end());
  PrefixCache::Prefix prefix;
  EXPECT_EQ(cache.Find(mixed, &prefix), known);
  EXPECT_THAT(cache.Find(second, &prefix), IsEmpty());
}

// Pages read later had a later stamp: the first one went, and nobody could find the rest.
TEST(PrefixCacheTest, ATextThatOthersCameBetweenIsGivenUpFromItsEnd) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 3);
  PrefixCache::Prefix prefix;
  std::vector<int32_t> pages;
  for (size_t begin = 0; begin + kPage < text.size(); begin += kPage) {
    // Another request is admitted.
    PrefixCache::Prefix other;
    EXPECT_THAT(cache.Find(Text(5000, 1), &other), IsEmpty());
    pages.push_back(*pool.Take());
    cache.Add(absl::MakeConstSpan(text).subspan(begin, kPage), pages.back(), &prefix);
  }
  for (const int32_t page : pages) pool.Release(page);
  EXPECT_EQ(cache.Free(1), 1);
  EXPECT_EQ(cache.Find(text, &prefix), std::vector<int32_t>(pages.begin(), pages.begin() + 2));
}

TEST(PrefixCacheTest, ATextThatIsReadAgainIsYoungAsAWhole) {
  PagePool pool(8);
  PrefixCache cache(&pool, /*enabled=*/true);
  const std::vector<TokenId> text = Text(0, 2);
  const std::vector<int32_t> pages = Remember(text, &pool, &cache);
  // As by a request that was admitted beside the first, with pages of its own.
  const std::vector<int32_t> own = {*pool.Take(), *pool.Take()};
  PrefixCache::Prefix prefix;
  PrefixCache::Prefix other;
  cache.Add(absl::MakeConstSpan(text).subspan(0, kPage), own[0], &prefix);
  EXPECT_THAT(cache.Find(Text(5000, 2), &other), IsEmpty());
  Remember(Text(5000, 2), &pool, &cache);
  EXPECT_THAT(cache.Find(Text(9000, 1), &other), IsEmpty());
  cache.Add(absl::MakeConstSpan(text).subspan(kPage, kPage), own[1], &prefix);
  EXPECT_EQ(cache.Free(2), 2);
  EXPECT_EQ(cache.Find(text, &prefix), pages);
}

TEST(PrefixCacheTest, PagesInUseAreNotFreed) {
  PagePool pool(4);
  PrefixCache cache(&pool, /*enabled=*/true);
  Remember(Text(0, 1), &pool, &cache);
  Remember(Text(500, 2), &pool, &cache);
  PrefixCache::Prefix prefix;
  const std::vector<int32_t> used = cache.Find(Text(0, 1), &prefix);
  EXPECT_EQ(cache.freeable(), 2);
  EXPECT_EQ(cache.Free(4), 2);
  EXPECT_EQ(pool.free(), 3);
  pool.Release(used[0]);
  EXPECT_EQ(cache.Free(4), 1);
}

}  // namespace
}  // namespace assay::engine
