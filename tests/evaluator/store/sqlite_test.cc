// Tests of evaluator/store/sqlite.
#include "evaluator/store/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <optional>

#include "tests/temp_folder.h"

namespace assay::evaluator::sqlite {
namespace {

using ::testing::HasSubstr;

class SqliteTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::Open(folder_ / "t.db");
    ASSERT_TRUE(opened.ok()) << opened.status();
    database_ = *std::move(opened);
    ASSERT_TRUE(database_
                    ->Execute("PRAGMA foreign_keys = ON;"
                              "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
                              "CREATE TABLE children (parent INTEGER REFERENCES parents (id))")
                    .ok());
  }

  TempFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(SqliteTest, ReturnsValuesAsTheyWereBound) {
  auto insert = database_->Prepare("SELECT ?, ?, ?, ?, ?, ?");
  ASSERT_TRUE(insert.ok()) << insert.status();
  const std::string bytes("a\0b'\xff", 5);
  insert->Bind(std::numeric_limits<int64_t>::min(), 0.1, bytes, std::nullopt,
               std::optional<double>(2.5), std::string_view());
  ASSERT_TRUE(*insert->Step());
  EXPECT_EQ(insert->Integer(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(insert->Real(1), 0.1);
  EXPECT_EQ(insert->Text(2), bytes);
  EXPECT_TRUE(insert->IsNull(3));
  EXPECT_EQ(insert->Real(4), 2.5);
  EXPECT_FALSE(insert->IsNull(5));
  EXPECT_EQ(insert->Text(5), "");
  EXPECT_FALSE(*insert->Step());
}

TEST_F(SqliteTest, StepFailsAfterTooManyValues) {
  auto statement = database_->Prepare("SELECT ?");
  EXPECT_FALSE(statement->Bind(1, 2).Step().ok());
}

TEST_F(SqliteTest, MalformedSqlNamesThePath) {
  const auto statement = database_->Prepare("SELEKT 1");
  EXPECT_THAT(std::string(statement.status().message()), HasSubstr(folder_ / "t.db"));
  EXPECT_THAT(std::string(statement.status().message()), HasSubstr("SELEKT"));
}

TEST_F(SqliteTest, ViolatedConstraintsHaveCodesByMeaning) {
  ASSERT_TRUE(database_->Execute("INSERT INTO parents VALUES (1, 'x')").ok());
  EXPECT_EQ(database_->Execute("INSERT INTO parents VALUES (1, 'y')").code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(database_->Execute("INSERT INTO parents VALUES (2, 'x')").code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(database_->Execute("INSERT INTO children VALUES (9)").code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SqliteTest, AnUncommittedTransactionIsRolledBack) {
  {
    auto transaction = Transaction::Begin(database_.get());
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database_->Execute("INSERT INTO parents VALUES (1, 'x')").ok());
  }
  EXPECT_EQ(*database_->QueryInteger("SELECT count(*) FROM parents"), 0);
  auto transaction = Transaction::Begin(database_.get());
  ASSERT_TRUE(database_->Execute("INSERT INTO parents VALUES (1, 'x')").ok());
  ASSERT_TRUE(transaction->Commit().ok());
  EXPECT_EQ(*database_->QueryInteger("SELECT count(*) FROM parents"), 1);
}

TEST_F(SqliteTest, ASnapshotSeesOneStateWhileAnotherConnectionWrites) {
  ASSERT_TRUE(database_->Execute("PRAGMA journal_mode = WAL").ok());
  auto reader = Database::Open(folder_ / "t.db");
  ASSERT_TRUE(reader.ok()) << reader.status();
  const char* const count = "SELECT count(*) FROM parents";
  {
    const auto snapshot = Snapshot::Begin(reader->get());
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_EQ(*(*reader)->QueryInteger(count), 0);
    const absl::Status written = database_->Execute("INSERT INTO parents (id) VALUES (1)");
    EXPECT_TRUE(written.ok()) << written;
    EXPECT_EQ(*(*reader)->QueryInteger(count), 0);
  }
  EXPECT_EQ(*(*reader)->QueryInteger(count), 1);
}

TEST_F(SqliteTest, AFullDatabaseIsResourceExhaustedWithThePath) {
  ASSERT_TRUE(database_->Execute("PRAGMA max_page_count = 5").ok());
  auto insert = database_->Prepare("INSERT INTO parents (name) VALUES (?)");
  const absl::Status status = insert->Bind(std::string(100'000, 'x')).Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder_ / "t.db"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("free some space"));
  insert->Reset();
  EXPECT_TRUE(insert->Bind("small").Run().ok());
}

TEST_F(SqliteTest, AMissingFolderIsFailedPrecondition) {
  const auto database = Database::Open(folder_ / "no/such/t.db");
  EXPECT_EQ(database.status().code(), absl::StatusCode::kFailedPrecondition) << database.status();
}

}  // namespace
}  // namespace assay::evaluator::sqlite
