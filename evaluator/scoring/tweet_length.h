// The length of a tweet as Twitter counts it.
#ifndef ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_
#define ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_

#include <cstdint>
#include <string_view>

namespace assay::evaluator {

inline constexpr int kMaxTweetLength = 280;

// Weighted length by twitter-text's configuration version 3: after NFC, code points U+0000-10FF,
// U+2000-200D, U+2010-201F and U+2032-2037 count 1, others 2; an emoji with all its parts (skin
// tone, joined family, flag, keycap) counts 2; a URL counts 23. Deviations: what is an emoji is
// known by block and not by Unicode's list; a URL without "http://" is known by about 30 common
// top-level domains; brackets inside a URL's path end it. O(n).
int64_t TweetLength(std::string_view text);

// Bytes of the URL that `text` begins with; 0 = none.
size_t UrlBytes(std::string_view text);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_TWEET_LENGTH_H_
