// Tests the HTTP server with TLS, against libcurl and certificates made by OpenSSL.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/http/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/server.h"
#include "server/tls/tls_contexts.h"
#include "tests/server/http/raw_client.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

// Returns what `write` has written, as text.
template <class Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// A certificate for 127.0.0.1 that is valid for an hour and signs itself, and its key.
struct SelfSigned {
  std::string certificate;
  std::string key;
};

SelfSigned MakeSelfSigned(int serial) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509* const x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key.get());
  X509_NAME* const name = X509_get_subject_name(x509);
  const std::string common_name = absl::StrCat("assay test ", serial);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(x509, name);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> host(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"),
      X509_EXTENSION_free);
  X509_add_ext(x509, host.get(), -1);
  EXPECT_GT(X509_sign(x509, key.get(), EVP_sha256()), 0);
  return {.certificate = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509); }),
          .key = Pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

class HttpTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      certificates_.push_back(MakeSelfSigned(i + 1));
      ca_paths_.push_back(::testing::TempDir() + absl::StrCat("tls_", getpid(), "_", i, ".pem"));
      std::ofstream(ca_paths_[i]) << certificates_[i].certificate;
    }
    contexts_ = std::make_shared<TlsContexts>(Context(0));
    HttpRouter router;
    router.Add({.path = "/hello", .handler = [](const HttpRequest&, HttpReply reply) {
                  reply.Send({.body = std::string(kBytes, 'x')});
                }});
    auto server = HttpServer::Start({.address = "127.0.0.1:0",
                                     .router = router,
                                     .limits = {.receive_timeout = std::chrono::seconds(2)},
                                     .tls = contexts_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override {
    for (const std::string& path : ca_paths_) std::filesystem::remove(path);
  }

  std::shared_ptr<TlsContext> Context(int i) {
    auto context =
        MakeTlsContext({.chain = certificates_[i].certificate, .key = certificates_[i].key});
    EXPECT_TRUE(context.ok()) << context.status();
    return *std::move(context);
  }
  std::string Url() const { return absl::StrCat("https://127.0.0.1:", server_->port(), "/hello"); }
  http::Client ClientThatTrusts(int i) { return http::Client({.ca_path = ca_paths_[i]}); }
  void ExpectAnswers(http::Client* client) {
    const auto response = client->Send({.url = Url()});
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body.size(), kBytes);
  }

  static constexpr size_t kBytes = 1'000'000;
  std::vector<SelfSigned> certificates_;
  std::vector<std::string> ca_paths_;
  std::shared_ptr<TlsContexts> contexts_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, NewHandshakesUseTheNewestCertificate) {
  http::Client old_client = ClientThatTrusts(0);
  ExpectAnswers(&old_client);
  http::Client stranger = ClientThatTrusts(1);
  EXPECT_EQ(stranger.Send({.url = Url()}).status().code(), absl::StatusCode::kFailedPrecondition);
  contexts_->Replace(Context(1));
  http::Client new_client = ClientThatTrusts(1);
  ExpectAnswers(&new_client);
  // Its connection was kept.
  ExpectAnswers(&old_client);
  http::Client late_client = ClientThatTrusts(0);
  EXPECT_EQ(late_client.Send({.url = Url()}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(HttpTlsTest, HalfHandshakesDelayNobodyAndTimeOut) {
  std::vector<RawClient> half_open;
  for (int i = 0; i < 100; ++i) {
    half_open.emplace_back(server_->port());
    half_open.back().Send("\x16\x03\x01\x02");
  }
  http::Client client = ClientThatTrusts(0);
  const auto start = std::chrono::steady_clock::now();
  ExpectAnswers(&client);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  for (const RawClient& half : half_open) {
    EXPECT_TRUE(half.IsClosedWithin(std::chrono::seconds(10)));
  }
}

TEST_F(HttpTlsTest, PlainRequestsFail) {
  RawClient plain(server_->port());
  plain.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(plain.ReadAll().find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(HttpTlsTest, RefusesCertificatesThatDoNotFit) {
  const absl::Status other_key =
      MakeTlsContext({.chain = certificates_[0].certificate, .key = certificates_[1].key}).status();
  EXPECT_EQ(other_key.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(other_key.message()), HasSubstr("tls.key"));
  EXPECT_EQ(MakeTlsContext({.chain = "no PEM", .key = certificates_[1].key}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::server
