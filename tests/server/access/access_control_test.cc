// The decision who may call what.
#include "server/access/access_control.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kRemote[] = "ipv4:192.0.2.7:40312";
constexpr char kLocal[] = "ipv4:127.0.0.1:40312";
constexpr char kSocket[] = "unix:";
constexpr Roles kWriters = {Role::kGenerate, Role::kAdmin};

class AccessControlTest : public testing::Test {
 protected:
  AccessControlTest() {
    keys_ = *KeyStore::Open(folder_ / "keys.json");
    control_ = std::make_unique<AccessControl>(
        AccessControl::Options{.keys_required = true, .unix_socket = "/run/assayd.sock"},
        keys_.get());
  }

  std::string Create(const std::string& name, Roles roles, const KeyLimits& limits = {}) {
    ApiKey key{.name = name, .roles = roles, .limits = limits};
    return *keys_->Create(&key);
  }

  AccessControl::Decision Admit(const std::string& authorization, const char* peer = kRemote,
                                Roles allowed = kWriters) {
    return control_->Admit({.authorization = authorization, .peer = peer}, allowed, "Generate");
  }

  const TempFolder folder_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<AccessControl> control_;
};

TEST_F(AccessControlTest, WithoutKeysCallersAreKnownByTheirAddress) {
  const AccessControl open({}, nullptr);
  const auto caller = [&](const char* peer) {
    const AccessControl::Decision decision =
        open.Admit({.authorization = "Bearer x", .peer = peer}, {Role::kAdmin}, "SetRoutes");
    EXPECT_TRUE(decision.status.ok()) << decision.status;
    return decision.caller;
  };
  EXPECT_EQ(caller(kRemote).id, "ipv4:192.0.2.7");
  EXPECT_EQ(caller("ipv6:%5B2001:db8::1%5D:40312").id, "ipv6:%5B2001:db8::1%5D");
  // Each connection of this machine is another caller.
  EXPECT_EQ(caller(kLocal).id, kLocal);
  EXPECT_TRUE(caller(kLocal).may_name_files);
  EXPECT_TRUE(caller("ipv6:%5B::1%5D:9").may_name_files);
  EXPECT_FALSE(caller(kRemote).may_name_files);
}

TEST_F(AccessControlTest, KeyIsTakenFromEitherHeader) {
  const std::string text = Create("web", {Role::kGenerate});
  for (const std::string& header : {absl::StrCat("Bearer ", text), absl::StrCat("bearer  ", text),
                                    absl::StrCat("BEARER ", text), text}) {
    const AccessControl::Decision decision = Admit(header);
    EXPECT_TRUE(decision.status.ok()) << decision.status;
    EXPECT_EQ(decision.caller.name, "web");
  }
  EXPECT_TRUE(control_->Admit({.api_key = text, .peer = kRemote}, kWriters, "").status.ok());
  // Another scheme of a proxy does not hide the key.
  EXPECT_TRUE(control_
                  ->Admit({.authorization = "Basic dXNlcg==", .api_key = text, .peer = kRemote},
                          kWriters, "")
                  .status.ok());
  // A wrong key is not replaced by a right one.
  EXPECT_FALSE(
      control_->Admit({.authorization = "Bearer x", .api_key = text, .peer = kRemote}, kWriters, "")
          .status.ok());
}

TEST_F(AccessControlTest, MissingKeyIsExplained) {
  const absl::Status remote = Admit("").status;
  EXPECT_TRUE(absl::IsUnauthenticated(remote));
  EXPECT_THAT(std::string(remote.message()), HasSubstr("ASSAY_API_KEY"));
  // Other machines do not learn a path of this one.
  EXPECT_THAT(std::string(remote.message()), Not(HasSubstr("/run/assayd.sock")));
  EXPECT_THAT(std::string(Admit("", kLocal).status.message()), HasSubstr("/run/assayd.sock"));
}

TEST_F(AccessControlTest, SocketNeedsNoKeyButAWrongOneIsRefused) {
  const AccessControl::Decision decision = Admit("", kSocket, {Role::kAdmin});
  EXPECT_TRUE(decision.status.ok());
  EXPECT_TRUE(decision.caller.roles.Has(Role::kAdmin));
  EXPECT_TRUE(absl::IsUnauthenticated(Admit("Bearer x", kSocket).status));
}

TEST_F(AccessControlTest, RoleIsRequired) {
  const std::string text = Create("ev", {Role::kEvaluate});
  const AccessControl::Decision denied = Admit(text);
  EXPECT_TRUE(absl::IsPermissionDenied(denied.status));
  EXPECT_EQ(denied.status.message(),
            "Generate needs the role generate or admin; key ev has evaluate");
  EXPECT_TRUE(Admit(text, kRemote, {Role::kEvaluate}).status.ok());
  const AccessControl::Decision admin = Admit(Create("root", {Role::kAdmin}));
  EXPECT_TRUE(admin.status.ok());
  EXPECT_TRUE(admin.caller.may_name_files);
}

TEST_F(AccessControlTest, DeniedCallsCountInTheRate) {
  const std::string text = Create("ev", {Role::kEvaluate}, {.requests_per_minute = 2});
  EXPECT_TRUE(absl::IsPermissionDenied(Admit(text).status));
  EXPECT_TRUE(absl::IsPermissionDenied(Admit(text).status));
  EXPECT_TRUE(absl::IsResourceExhausted(Admit(text).status));
}

TEST_F(AccessControlTest, PlaceCanBeGivenBackEarly) {
  const std::string text = Create("web", {Role::kGenerate}, {.max_concurrent = 1});
  const AccessControl::Decision first = Admit(text);
  first.admission->End();
  const AccessControl::Decision second = Admit(text);
  EXPECT_TRUE(second.status.ok());
  // Ending twice gives nothing back.
  first.admission->End();
  EXPECT_TRUE(absl::IsResourceExhausted(Admit(text).status));
}

TEST_F(AccessControlTest, KeyDecidesAboutFilesAlsoOnThisMachine) {
  EXPECT_FALSE(Admit(Create("web", {Role::kGenerate}), kLocal).caller.may_name_files);
}

TEST_F(AccessControlTest, CallEndsWithItsDecision) {
  const std::string text = Create("web", {Role::kGenerate}, {.max_concurrent = 1});
  {
    const AccessControl::Decision first = Admit(text);
    ASSERT_TRUE(first.status.ok());
    const AccessControl::Decision copy = first;
    EXPECT_TRUE(absl::IsResourceExhausted(Admit(text).status));
  }
  EXPECT_TRUE(Admit(text).status.ok());
}

TEST_F(AccessControlTest, LimitsOfTheKeyBecomeThoseOfTheCaller) {
  const Caller caller = Admit(Create("web", {Role::kGenerate},
                                     {.max_priority = -5, .share = 2, .models = {"a", "b"}}))
                            .caller;
  EXPECT_EQ(caller.max_priority, -5);
  EXPECT_EQ(caller.share, 2);
  EXPECT_TRUE(caller.CheckModel("b").ok());
  const absl::Status status = caller.CheckModel("c");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a, b"));
}

TEST_F(AccessControlTest, KeyOfACallIsNamedForTheLog) {
  const std::string text = Create("website", {Role::kGenerate});
  const auto key_in = [this](const std::string& authorization) {
    return control_->KeyIn({.authorization = authorization, .peer = kRemote});
  };
  EXPECT_EQ(key_in("Bearer " + text).name, "website");
  EXPECT_FALSE(key_in("Bearer " + text).is_unknown);
  EXPECT_EQ(control_->KeyIn({.api_key = text, .peer = kRemote}).name, "website");
  EXPECT_EQ(keys_->List()[0].last_used, absl::InfinitePast());
  EXPECT_EQ(key_in("").name, "");
  EXPECT_FALSE(key_in("").is_unknown);
  ASSERT_TRUE(keys_->Revoke("website").ok());
  EXPECT_EQ(key_in("Bearer " + text).name, "");
  EXPECT_TRUE(key_in("Bearer " + text).is_unknown);
  // Without keys, nothing is looked at.
  EXPECT_FALSE(AccessControl({}, nullptr).KeyIn({.authorization = "Bearer x"}).is_unknown);
}

}  // namespace
}  // namespace assay::server
