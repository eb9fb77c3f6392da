// Tables: values against pyarrow's reading of the same files, samples, and damaged files.
#include "client/input/table_file.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/child_process.h"
#include "base/steady_time.h"
#include "client/input/prompts_file.h"
#include "client/tables/row_sample.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kFolder[] = "tests/golden/tables/";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& bytes)
      : path_(::testing::TempDir() + "/" + name) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

TEST(TableFileTest, EveryFormatIsReadAsPyarrowReadsIt) {
  const Json expected = Json::parse(ReadAll(std::string(kFolder) + "tables.json"));
  const std::vector<std::string> columns = {"id", "content_type", "instruction", "reference",
                                            "number"};
  for (const std::string name : {"none.parquet", "snappy.parquet", "zstd.parquet", "gzip.parquet",
                                 "brotli.parquet", "lz4.parquet", "file.arrow", "stream.arrow",
                                 "compressed.feather", "quoted.csv", "quoted.tsv"}) {
    const auto table = ReadTableRows({kFolder + name}, columns, {});
    ASSERT_TRUE(table.ok()) << table.status();
    const bool is_text = name.starts_with("quoted");
    const Json& rows = expected.at(is_text ? "quoted.csv" : "none.parquet");
    ASSERT_EQ(table->values.size(), rows.size()) << name;
    EXPECT_EQ(table->total, static_cast<int64_t>(rows.size()));
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(table->rows[i].number, static_cast<int64_t>(i) + 1);
      for (const std::string& column : columns) {
        EXPECT_EQ(table->values[i][column], rows[i][column]) << name << " " << i << " " << column;
      }
    }
  }
  const auto chats = ReadTableRows({std::string(kFolder) + "messages.parquet"},
                                   {"messages", "conversations", "number"}, {});
  ASSERT_TRUE(chats.ok()) << chats.status();
  EXPECT_EQ(Json(chats->values), expected.at("messages.parquet"));
}

TEST(TableFileTest, ColumnsHaveTheirTypes) {
  const auto columns = ReadTableColumns(std::string(kFolder) + "zstd.parquet");
  ASSERT_TRUE(columns.ok()) << columns.status();
  ASSERT_EQ(columns->size(), 6U);
  EXPECT_EQ(columns->at(2).name, "instruction");
  EXPECT_EQ(columns->at(2).type, "large_string");
}

// Rows of several files count as one table; a sample is the same in every format.
TEST(TableFileTest, ASampleIsRandomAndRepeats) {
  std::set<std::vector<int64_t>> samples;
  for (const uint64_t seed : {1U, 2U, 3U}) {
    std::vector<int64_t> numbers;
    for (const char* name : {"zstd.parquet", "quoted.csv", "stream.arrow"}) {
      const auto table =
          ReadTableRows({std::string(kFolder) + name}, {"id"}, {.limit = 5, .seed = seed});
      ASSERT_TRUE(table.ok()) << table.status();
      std::vector<int64_t> found;
      for (const TableRow& row : table->rows) found.push_back(row.number);
      ASSERT_EQ(found.size(), 5U);
      if (!numbers.empty()) {
        EXPECT_EQ(found, numbers) << name;
      }
      numbers = found;
    }
    samples.insert(numbers);
  }
  EXPECT_EQ(samples.size(), 3U);
  const std::string path = std::string(kFolder) + "zstd.parquet";
  const auto both = ReadTableRows({path, path}, {"id"}, {});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->total, 68);
  EXPECT_EQ(both->rows.back().file, 1U);
  EXPECT_EQ(both->rows.back().number, 34);
}

// Each row must be chosen with the same probability: chi-square with 9 degrees of freedom; 27.9 is
// exceeded with a probability of 0.001.
TEST(RowSampleTest, EveryRowIsAsLikely) {
  constexpr int kRows = 10;
  constexpr int kLimit = 3;
  constexpr int kDraws = 10'000;
  std::vector<double> counts(kRows);
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    for (const int64_t row : SampleRows(kRows, kLimit, seed * 7919)) {
      ++counts[static_cast<size_t>(row)];
    }
  }
  const double expected = double{kDraws} * kLimit / kRows;
  double chi_square = 0;
  for (const double count : counts)
    chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, 27.9);
  EXPECT_THAT(SampleRows(3, 0, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(SampleRows(2, 5, 1), ElementsAre(0, 1));
}

TEST(TableFileTest, ErrorsNameFileRowAndColumn) {
  const std::string folder = kFolder;
  const auto error = [](const std::string& path, const PromptsOptions& options = {}) {
    return Message(ReadPrompts(path, options).status());
  };
  EXPECT_EQ(error(folder + "nulls.parquet"),
            folder + "nulls.parquet: row 2: column \"prompt\" is null; every row needs a prompt");
  EXPECT_EQ(error(folder + "not_utf8.parquet"),
            folder +
                "not_utf8.parquet: row 3: column \"prompt\" is not UTF-8 at byte 3; save the "
                "table as UTF-8");
  EXPECT_EQ(error(folder + "zstd.parquet", {.columns = {.prompt = "instrction"}}),
            folder +
                "zstd.parquet: there is no column \"instrction\"; the columns are id, "
                "content_type, instruction, reference, difficulty, number");
  EXPECT_THAT(error(folder + "zstd.parquet", {.columns = {.prompt = "number"}}),
              HasSubstr("row 1: column \"number\" has the value 0, but must be text"));
  EXPECT_THAT(error(folder + "bomb.parquet"), HasSubstr("more than 64 MiB of text"));
  const TemporaryFile ragged("assay_ragged.csv", "prompt,content_type\na,blog\nb\n");
  EXPECT_EQ(error(ragged.path()), ragged.path() + ": row 2: has 1 field, but there are 2 columns");
  const TemporaryFile open_quote("assay_quote.csv", "prompt,content_type\n\"a,blog\nb,blog\n");
  EXPECT_THAT(error(open_quote.path()), HasSubstr("row 1: "));
  EXPECT_THAT(error(open_quote.path()), HasSubstr("a quote is not closed"));
  const TemporaryFile latin("assay_latin.csv", "prompt,content_type\na,blog\ncaf\xe9,blog\n");
  EXPECT_THAT(error(latin.path()), HasSubstr("row 2: column \"prompt\" is not UTF-8 at byte 3"));
  const TemporaryFile twice("assay_twice.csv", "id,prompt,content_type\n7,a,blog\n7,b,blog\n");
  EXPECT_EQ(error(twice.path()),
            twice.path() + ": row 2: the id \"7\" is a duplicate of " + twice.path() + ": row 1");
}

TEST(TableFileTest, RowsBecomePrompts) {
  const auto set = ReadPrompts(
      std::string(kFolder) + "zstd.parquet",
      {.columns = {.id = "number", .prompt = "instruction"}, .choice = {.limit = 4, .seed = 9}});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->source, "zstd.parquet (random 4 of 34, seed 9)");
  ASSERT_EQ(set->prompts.size(), 4U);
  for (const v1::EvaluationPrompt& prompt : set->prompts) {
    EXPECT_THAT(prompt.prompt(), HasSubstr("Prompt " + prompt.id() + ": write \"this\", über\n"));
  }
  const auto chats =
      ReadPrompts(std::string(kFolder) + "messages.parquet", {.content_type = "blog"});
  ASSERT_TRUE(chats.ok()) << chats.status();
  EXPECT_EQ(chats->prompts[1].system(), "Be brief.");
  EXPECT_EQ(chats->prompts[1].prompt(), "Question 1");
  EXPECT_EQ(chats->prompts[1].id(), "row-2");
  EXPECT_EQ(chats->prompts[1].content_type(), "blog");
  const auto shared = ReadPrompts(std::string(kFolder) + "messages.parquet",
                                  {.columns = {.prompt = "conversations"}, .content_type = "blog"});
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_EQ(shared->prompts[5].prompt(), "Question 5");
}

// Returns the exit code of assay-table-reader for all columns.
int ReadWithProgram(const std::string& path, const std::string& format) {
  const Json request = {{"files", {{{"path", path}, {"format", format}}}},
                        {"columns", {"id", "content_type", "instruction", "reference"}},
                        {"limit", 0},
                        {"seed", 0},
                        {"max_rows", 10'000},
                        {"max_bytes", 1 << 26},
                        {"memory_bytes", 1 << 28}};
  const auto result = RunChild({ASSAY_TABLE_READER}, request.dump(),
                               SteadyTime::Now() + absl::Seconds(60), size_t{1} << 27);
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return 255;
  if (result->exit_code != 0) {
    EXPECT_THAT(result->err, HasSubstr(path));
  }
  return result->exit_code;
}

// A changed byte may change a text unnoticed, but must never end the reader by a signal.
TEST(TableFileTest, DamagedFilesAreErrors) {
  constexpr int kMutationsPerFile = 60;
  std::mt19937 random(5);
  int refused = 0;
  for (const std::string name : {"zstd.parquet", "none.parquet", "file.arrow", "stream.arrow"}) {
    const std::string format = name.ends_with(".arrow") ? "arrow" : "parquet";
    const std::string good = ReadAll(kFolder + name);
    ASSERT_FALSE(good.empty()) << "run the test from the root of the repository";
    for (int i = 0; i < kMutationsPerFile; ++i) {
      std::string bytes = good;
      if (i % 4 == 0) {
        bytes.resize(random() % bytes.size());
      } else {
        for (int flip = 0; flip <= i % 3; ++flip) {
          bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
        }
      }
      const TemporaryFile file("assay_damaged." + format, bytes);
      const int code = ReadWithProgram(file.path(), format);
      EXPECT_LE(code, 1) << name << ", mutation " << i;
      if (code == 1) ++refused;
    }
  }
  EXPECT_GT(refused, 60);
}

}  // namespace
}  // namespace assay::client
