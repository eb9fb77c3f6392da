// Tests of the accounts of callers.
#include "base/fair_share.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace assay {
namespace {

TEST(FairShareTest, CallersThatWaitReceiveInProportionToTheirShares) {
  FairShare callers;
  FairShare::Account* const small = callers.Arrive({.id = "small", .share = 1});
  FairShare::Account* const large = callers.Arrive({.id = "large", .share = 3});
  int large_turns = 0;
  constexpr int kTurns = 400;
  for (int i = 0; i < kTurns; ++i) {
    const bool is_large = large->virtual_time < small->virtual_time;
    large_turns += is_large ? 1 : 0;
    callers.Charge(is_large ? large : small, 10);
  }
  EXPECT_NEAR(large_turns, kTurns * 3 / 4, 1);
}

TEST(FairShareTest, IdlenessSavesNoCredit) {
  FairShare callers;
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  callers.Charge(busy, 1000);
  EXPECT_EQ(callers.Arrive({.id = "new"})->virtual_time, 1000);
}

TEST(FairShareTest, ADebtIsKeptWhileOthersWait) {
  FairShare callers;
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  FairShare::Account* const heavy = callers.Arrive({.id = "heavy"});
  callers.Charge(heavy, 500);
  callers.LeaveWaiting(heavy);
  EXPECT_EQ(callers.Arrive({.id = "heavy"})->virtual_time, 500);
  callers.LeaveWaiting(busy);
}

TEST(FairShareTest, ACallerThatWantsLittleDoesNotHoldTheClockBack) {
  FairShare callers;
  FairShare::Account* const modest = callers.Arrive({.id = "modest"});
  callers.Start(modest);
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  callers.Charge(busy, 700);
  // `modest` has received nothing, but it does not wait.
  EXPECT_EQ(callers.Arrive({.id = "new"})->virtual_time, 700);
}

TEST(FairShareTest, UseOfWhatIsFreeIsNotOwedLater) {
  FairShare callers;
  FairShare::Account* const modest = callers.Arrive({.id = "modest"});
  callers.Start(modest);
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  callers.Start(busy);
  callers.Charge(busy, 700);
  // Nobody waited for what `busy` received.
  EXPECT_EQ(callers.Arrive({.id = "new"})->virtual_time, 700);
}

TEST(FairShareTest, RequestsBesideTakeNoPlace) {
  FairShare callers;
  FairShare::Account* const scorer = callers.ArriveBeside({.id = "scorer"});
  EXPECT_EQ(scorer->waiting, 0);
  EXPECT_EQ(scorer->Load(), 0);
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  callers.Charge(busy, 700);
  EXPECT_EQ(callers.Arrive({.id = "new"})->virtual_time, 700);
  callers.LeaveBeside(scorer);
  EXPECT_EQ(callers.Find("scorer"), nullptr);
}

TEST(FairShareTest, CallersAreForgotten) {
  FairShare callers;
  FairShare::Account* const busy = callers.Arrive({.id = "busy"});
  callers.LeaveWaiting(callers.Arrive({.id = "even"}));
  EXPECT_EQ(callers.Find("even"), nullptr);
  for (int i = 0; i < 3000; ++i) {
    FairShare::Account* const other = callers.Arrive({.id = absl::StrCat("c", i)});
    callers.Start(other);
    callers.Charge(other, 1 + i);
    callers.LeaveRunning(other);
  }
  EXPECT_EQ(callers.accounts().size(), FairShare::kMaxIdle + 1);
  // Those with the greatest debt are kept.
  EXPECT_NE(callers.Find("c2999"), nullptr);
  EXPECT_EQ(callers.Find("c0"), nullptr);
  callers.LeaveWaiting(busy);
  EXPECT_TRUE(callers.accounts().empty());
}

}  // namespace
}  // namespace assay
