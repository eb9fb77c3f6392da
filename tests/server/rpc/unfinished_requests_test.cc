// Which connections hold too much of requests that are not complete.
#include "server/rpc/unfinished_requests.h"

#include <cstddef>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/rpc/request_progress.h"

namespace assay::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(UnfinishedRequestsTest, WithinTheLimitAllStay) {
  EXPECT_THAT(OverLimit({}, 0), IsEmpty());
  EXPECT_THAT(OverLimit(std::vector<UnfinishedRequests>{{"a", 60}, {"b", 40}}, 100), IsEmpty());
}

TEST(UnfinishedRequestsTest, AddressWithMostPaysFirst) {
  // The largest connection is the only one of its address.
  const std::vector<UnfinishedRequests> connections = {
      {"a", 30}, {"b", 50}, {"a", 31}, {"a", 32}, {"c", 1}};
  EXPECT_THAT(OverLimit(connections, 143), ElementsAre(3));
  // 61 bytes of a are left, and then 30.
  EXPECT_THAT(OverLimit(connections, 100), ElementsAre(3, 2));
  EXPECT_THAT(OverLimit(connections, 80), ElementsAre(3, 2, 1));
  EXPECT_THAT(OverLimit(connections, 0), ElementsAre(3, 2, 1, 0, 4));
}

TEST(RequestProgressTest, BytesOfAPeerAreCollectedOnce) {
  RequestProgress progress;
  progress.Touch("ipv4:10.0.0.1:1");
  EXPECT_THAT(progress.Take(), ElementsAre(testing::Pair("ipv4:10.0.0.1:1", 0)));
  constexpr uint64_t kMessage = 1 << 20;
  progress.Add("ipv4:10.0.0.1:1", kMessage);
  progress.Touch("ipv4:10.0.0.1:1");
  progress.Add("ipv4:10.0.0.1:1", kMessage);
  // What HTTP/2 and TLS add is a few per cent.
  EXPECT_THAT(
      progress.Take(),
      ElementsAre(testing::Pair("ipv4:10.0.0.1:1", testing::AllOf(testing::Gt(2 * kMessage),
                                                                  testing::Lt(2.1 * kMessage)))));
  EXPECT_THAT(progress.Take(), IsEmpty());
}

}  // namespace
}  // namespace assay::server
