// The length of a tweet as Twitter counts it.
#ifndef ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_
#define ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_

#include <cstdint>
#include <string_view>

namespace assay::evaluator {

inline constexpr int kMaxTweetLength = 280;

// Returns the weighted length by twitter-text's configuration version 3. After NFC normalization,
// code points U+0000-10FF, U+2000-200D, U+2010-201F and U+2032-2037 count 1 and others count 2. An
// emoji with all its parts (skin tone, joined family, flag, keycap) counts 2. A URL counts 23.
// Differences from twitter-text: emoji are recognized by block, not by Unicode's list; a URL
// without "http://" is recognized by about 30 common top-level domains; brackets inside a URL's
// path end it. O(n).
int64_t TweetLength(std::string_view text);

// Returns the number of bytes of the URL at the start of `text`; 0 if there is none.
size_t UrlBytes(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_
