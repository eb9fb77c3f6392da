// When a key may be sent, and which files a channel needs.
#include "client/rpc/channel.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

using testing::HasSubstr;

TEST(ChannelTest, KeyIsNotSentToAnotherMachineWithoutTls) {
  for (const char* address :
       {"192.0.2.7:50051", "example.com:50051", "[2001:db8::1]:50051", "dns:///127.0.0.1:50051",
        "localhost.example.com:1", "127.0.0.1.example.com:1"}) {
    const absl::Status status = MakeChannel({.address = address, .api_key = "k"}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << address;
    EXPECT_THAT(std::string(status.message()), HasSubstr("without TLS"));
    EXPECT_TRUE(MakeChannel({.address = address, .tls = true, .api_key = "k"}).ok());
    EXPECT_TRUE(MakeChannel({.address = address, .api_key = "k", .insecure = true}).ok());
    EXPECT_TRUE(MakeChannel({.address = address}).ok());
  }
  for (const char* address : {"127.0.0.1:50051", "localhost:50051", "[::1]:50051", "unix:/a/b"}) {
    EXPECT_TRUE(MakeChannel({.address = address, .api_key = "k"}).ok()) << address;
  }
}

TEST(ChannelTest, MissingFileIsNamedWithItsOption) {
  const absl::Status status =
      MakeChannel({.address = "localhost:1", .ca_file = "/no/such.pem"}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--ca: /no/such.pem"));
}

TEST(ChannelTest, CertificateNeedsItsKey) {
  const absl::Status status =
      MakeChannel({.address = "localhost:1", .certificate_file = "a.pem"}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("--certificate-key: give both"));
}

}  // namespace
}  // namespace assay::client
