// Keys: created, found, revoked, and kept in a file.
#include "server/access/key_store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class KeyStoreTest : public testing::Test {
 protected:
  KeyStoreTest() { Open(); }

  void Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<KeyStore>> store = KeyStore::Open(path_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  std::string Create(const std::string& name, Roles roles = {Role::kGenerate}) {
    ApiKey key{.name = name, .roles = roles};
    const absl::StatusOr<std::string> text = store_->Create(&key);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }

  absl::StatusCode CodeOf(const std::string& text, absl::Time now = absl::Now()) {
    return store_->Find(text, now).status().code();
  }

  std::string FileText() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "keys.json";
  std::unique_ptr<KeyStore> store_;
};

TEST_F(KeyStoreTest, KeyIsFoundByItsTextAlone) {
  const std::string text = Create("web", {Role::kGenerate, Role::kEvaluate});
  const absl::StatusOr<KeyStore::Found> found = store_->Find(text, absl::Now());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->key->name, "web");
  EXPECT_EQ(found->key->roles, (Roles{Role::kGenerate, Role::kEvaluate}));
  // Each wrong character, cut and addition.
  for (size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    EXPECT_EQ(CodeOf(wrong), absl::StatusCode::kUnauthenticated) << i;
  }
  for (const std::string& wrong : {std::string(), text.substr(1), text + "0", found->key->id}) {
    EXPECT_EQ(CodeOf(wrong), absl::StatusCode::kUnauthenticated);
  }
}

TEST_F(KeyStoreTest, FileHasTheHashAloneAndIsPrivate) {
  const std::string text = Create("web");
  // Its secret: the last 64 digits.
  EXPECT_THAT(FileText(), Not(HasSubstr(text.substr(text.size() - 64))));
  EXPECT_THAT(FileText(), HasSubstr("\"sha256\""));
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(KeyStoreTest, KeysAreDistinct) {
  std::set<std::string> texts;
  for (int i = 0; i < 50; ++i) texts.insert(Create(absl::StrCat("key", i)));
  EXPECT_THAT(texts, SizeIs(50));
}

TEST_F(KeyStoreTest, KeysSurviveARestartWithTheirLimitsAndCounts) {
  ApiKey key{.name = "web",
             .roles = {Role::kGenerate, Role::kMetrics},
             .expires_at = absl::Now() + absl::Hours(1),
             .limits = {.requests_per_minute = 60,
                        .max_concurrent = 4,
                        .tokens_per_day = 1000,
                        .max_priority = 5,
                        .share = 0.5,
                        .models = {"a", "b"}}};
  const std::string text = *store_->Create(&key);
  store_->Find(text, absl::Now())->meter->AddTokens(123, absl::Now());
  Open();
  const absl::StatusOr<KeyStore::Found> found = store_->Find(text, absl::Now());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->key->roles, key.roles);
  EXPECT_EQ(found->key->expires_at, key.expires_at);
  EXPECT_EQ(found->key->limits.requests_per_minute, 60);
  EXPECT_EQ(found->key->limits.max_concurrent, 4);
  EXPECT_EQ(found->key->limits.tokens_per_day, 1000);
  EXPECT_EQ(found->key->limits.max_priority, 5);
  EXPECT_EQ(found->key->limits.share, 0.5);
  EXPECT_EQ(found->key->limits.models, key.limits.models);
  EXPECT_EQ(store_->List().front().tokens_today, 123);
}

TEST_F(KeyStoreTest, RevokedKeyIsUnknownAlsoAfterARestart) {
  const std::string web = Create("web");
  const std::string app = Create("app");
  ASSERT_TRUE(store_->Revoke("web").ok());
  EXPECT_EQ(CodeOf(web), absl::StatusCode::kUnauthenticated);
  Open();
  EXPECT_EQ(CodeOf(web), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(app), absl::StatusCode::kOk);
  EXPECT_TRUE(absl::IsNotFound(store_->Revoke("web").status()));
  EXPECT_TRUE(store_->Revoke(store_->List().front().key.id).ok());
  EXPECT_EQ(CodeOf(app), absl::StatusCode::kUnauthenticated);
}

TEST_F(KeyStoreTest, KeyExpires) {
  ApiKey key{
      .name = "brief", .roles = {Role::kGenerate}, .expires_at = absl::Now() + absl::Hours(1)};
  const std::string text = *store_->Create(&key);
  EXPECT_EQ(CodeOf(text), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(text, key.expires_at), absl::StatusCode::kUnauthenticated);
}

TEST_F(KeyStoreTest, WrongChoicesAreNamed) {
  const auto error = [this](ApiKey key) {
    return std::string(store_->Create(&key).status().message());
  };
  const Roles roles = {Role::kGenerate};
  EXPECT_THAT(error({.name = "", .roles = roles}), HasSubstr("name:"));
  EXPECT_THAT(error({.name = "two words", .roles = roles}), HasSubstr("name:"));
  EXPECT_THAT(error({.name = "web"}), HasSubstr("roles:"));
  EXPECT_THAT(error({.name = "web", .roles = roles, .expires_at = absl::UnixEpoch()}),
              HasSubstr("expires_at: 1970"));
  const absl::Time late = absl::FromCivil(absl::CivilSecond(10000, 1, 2), absl::UTCTimeZone());
  EXPECT_THAT(error({.name = "web", .roles = roles, .expires_at = late}), HasSubstr("9999"));
  EXPECT_THAT(error({.name = "web", .roles = roles, .limits = {.models = {std::string(129, 'm')}}}),
              HasSubstr("models: an id"));
  EXPECT_THAT(error({.name = "web", .roles = roles, .limits = {.max_concurrent = -1}}),
              HasSubstr("max_concurrent: -1"));
  EXPECT_THAT(error({.name = "web", .roles = roles, .limits = {.max_priority = 101}}),
              HasSubstr("max_priority: 101"));
  EXPECT_THAT(error({.name = "web", .roles = roles, .limits = {.share = 0}}),
              HasSubstr("share: 0"));
  Create("web");
  EXPECT_THAT(error({.name = "web", .roles = roles}), HasSubstr("is called web"));
}

TEST_F(KeyStoreTest, KeyThatCannotBeWrittenIsNotCreated) {
  const std::string text = Create("web");
  std::filesystem::remove_all(folder_.path());
  ApiKey key{.name = "app", .roles = {Role::kGenerate}};
  EXPECT_FALSE(store_->Create(&key).ok());
  EXPECT_FALSE(store_->Revoke("web").ok());
  EXPECT_THAT(store_->List(), SizeIs(1));
  EXPECT_EQ(CodeOf(text), absl::StatusCode::kOk);
}

TEST_F(KeyStoreTest, WrongFileIsRefusedWithItsPlace) {
  Create("web");
  const std::string good = FileText();
  const auto error = [this](const std::string& text) {
    std::ofstream(path_) << text;
    const absl::Status status = KeyStore::Open(path_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  store_.reset();
  EXPECT_THAT(error("{"), HasSubstr(path_));
  EXPECT_THAT(error(R"({"version": 2, "keys": []})"), HasSubstr("version: 2"));
  EXPECT_THAT(error(R"({"version": 1, "keys": [{}]})"), HasSubstr("keys[0]"));
  std::string wrong = good;
  wrong.replace(wrong.find("generate"), 8, "everyone");
  EXPECT_THAT(error(wrong), HasSubstr("keys[0].roles: 'everyone'"));
  // Every cut of the file is refused, and none ends the process.
  for (size_t size = 0; size + 2 < good.size(); size += 7) error(good.substr(0, size));
}

}  // namespace
}  // namespace assay::server
