// When a caller may try again.
#include "base/retry_delay.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(RetryDelayTest, IsKeptWithTheError) {
  absl::Status error = absl::ResourceExhaustedError("the queue is full");
  EXPECT_EQ(RetryDelay(error), std::nullopt);
  SetRetryDelay(absl::Milliseconds(2345), &error);
  EXPECT_EQ(RetryDelay(error), absl::Milliseconds(2345));
  EXPECT_EQ(RetryDelay(Annotate(error, "model")), absl::Milliseconds(2345));
  SetRetryDelay(absl::ZeroDuration(), &error);
  EXPECT_EQ(RetryDelay(error), absl::Milliseconds(1));
}

}  // namespace
}  // namespace assay
