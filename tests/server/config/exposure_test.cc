// Addresses that other machines can reach.
#include "server/config/exposure.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(ExposureTest, OnlyLoopbackAddressesAreLoopback) {
  for (const char* listen : {"127.0.0.1:50051", "127.8.9.1:0", "[::1]:50051", "localhost:1"}) {
    EXPECT_TRUE(IsLoopback(listen)) << listen;
  }
  for (const char* listen : {"0.0.0.0:50051", "[::]:50051", "192.168.1.1:1", "example.com:1",
                             "127.0.0.1.example.com:1", ":50051", "localhost.example.com:1"}) {
    EXPECT_FALSE(IsLoopback(listen)) << listen;
  }
}

TEST(ExposureTest, ExposedAddressesMustBeMeant) {
  Config config;
  EXPECT_TRUE(CheckExposure(config).ok());
  config.metrics_listen = "0.0.0.0:9464";
  EXPECT_THAT(std::string(CheckExposure(config).message()),
              testing::StartsWith("metrics.listen: other machines can reach 0.0.0.0:9464"));
  config.metrics_listen = "";
  config.listen = "[::]:50051";
  EXPECT_EQ(CheckExposure(config).code(), absl::StatusCode::kInvalidArgument);
  config.insecure = true;
  EXPECT_TRUE(CheckExposure(config).ok());
}

TEST(ExposureTest, TlsAndKeysAllowOtherMachines) {
  Config config;
  config.listen = "0.0.0.0:50051";
  config.tls.certificate = "server.pem";
  EXPECT_THAT(std::string(CheckExposure(config).message()),
              testing::HasSubstr("but access.keys is off;"));
  config.access.keys_required = true;
  EXPECT_TRUE(CheckExposure(config).ok());
  config.tls.certificate = "";
  EXPECT_THAT(std::string(CheckExposure(config).message()),
              testing::HasSubstr("but tls is not set;"));
}

}  // namespace
}  // namespace assay::server
