// Tests of evaluator/plan/prompt_set.
#include "evaluator/plan/prompt_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "evaluator/stats/paired.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string ParseError(std::string_view jsonl) {
  const auto prompts = ParsePrompts(jsonl, "p.jsonl");
  EXPECT_EQ(prompts.status().code(), absl::StatusCode::kInvalidArgument) << jsonl;
  return std::string(prompts.status().message());
}

TEST(PromptSetTest, ReadsLinesSkipsBlanksAndIgnoresOtherKeys) {
  const auto prompts = ParsePrompts(
      "\n{\"id\": \"a\", \"content_type\": \"blog\", \"prompt\": \"Schreib \\u00fcber "
      "\\\"Brot\\\"\"}\r\n"
      "   \n{\"id\":\"b\",\"content_type\":\"email\",\"prompt\":\"x\",\"tags\":[1,{\"y\":null}]}",
      "p.jsonl");
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  ASSERT_EQ(prompts->size(), 2U);
  EXPECT_EQ((*prompts)[0].id, "a");
  EXPECT_EQ((*prompts)[0].content_type, "blog");
  EXPECT_EQ((*prompts)[0].prompt, "Schreib über \"Brot\"");
  EXPECT_EQ((*prompts)[1].id, "b");
}

TEST(PromptSetTest, ErrorsNameFileLineAndField) {
  EXPECT_THAT(ParseError("{\"id\": \"a\",\n"), HasSubstr("p.jsonl:1: not JSON"));
  EXPECT_THAT(ParseError("\n[1]"), HasSubstr("p.jsonl:2: is a JSON array"));
  EXPECT_EQ(ParseError(R"({"content_type": "x", "prompt": "y"})"), "p.jsonl:1: id: is missing");
  EXPECT_EQ(ParseError(R"({"id": 7, "content_type": "x", "prompt": "y"})"),
            "p.jsonl:1: id: is a number; give a string");
  EXPECT_EQ(ParseError(R"({"id": "a", "content_type": "x", "prompt": " "})"),
            "p.jsonl:1: prompt: is empty");
  EXPECT_EQ(ParseError("{\"id\":\"x\",\"content_type\":\"t\",\"prompt\":\"p\"}\n\n"
                       "{\"id\":\"x\",\"content_type\":\"t\",\"prompt\":\"p\"}"),
            "p.jsonl:3: id: 'x' is duplicated (first in line 1)");
  EXPECT_EQ(ParseError("\n\n"), "p.jsonl: has no prompts; give at least one");
  EXPECT_THAT(ParseError("{\"id\":\"\xff\"}"), HasSubstr("p.jsonl:1: not JSON"));
}

TEST(PromptSetTest, ReadsOptionalFields) {
  const auto prompts = ParsePrompts(
      R"({"id": "a", "content_type": "email", "prompt": "p", "system": "s", "reference": "r",)"
      R"( "cluster": "c", "constraints": {"max_chars": 280, "must_include": ["Friday", "6 p.m."]}})"
      "\n"
      R"({"id": "b", "content_type": "email", "prompt": "p", "constraints": {}})",
      "p.jsonl");
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  const EvaluationPrompt& a = (*prompts)[0];
  EXPECT_EQ(a.system, "s");
  EXPECT_EQ(a.reference, "r");
  EXPECT_EQ(a.cluster, "c");
  EXPECT_EQ(a.constraints.max_characters, 280);
  EXPECT_THAT(a.constraints.must_include, ElementsAre("Friday", "6 p.m."));
  EXPECT_EQ((*prompts)[1].constraints.max_characters, 0);
  EXPECT_EQ((*prompts)[1].system, "");
}

TEST(PromptSetTest, ErrorsInOptionalFieldsNameTheField) {
  const auto error = [](const std::string& fields) {
    return ParseError(R"({"id": "a", "content_type": "x", "prompt": "y", )" + fields + "}");
  };
  EXPECT_EQ(error(R"("system": 1)"), "p.jsonl:1: system: is a number; give a string");
  EXPECT_EQ(error(R"("cluster": null)"), "p.jsonl:1: cluster: is a null; give a string");
  EXPECT_EQ(error(R"("constraints": [])"), "p.jsonl:1: constraints: is a array; give an object");
  EXPECT_EQ(error(R"("constraints": {"max_chars": "280"})"),
            "p.jsonl:1: constraints.max_chars: is a string; give a whole number, not negative");
  for (const char* number : {"-1", "1.5", "2147483648"}) {
    EXPECT_THAT(error(std::string(R"("constraints": {"max_chars": )") + number + "}"),
                HasSubstr(std::string("constraints.max_chars: ") + number + " is out of range"));
  }
  EXPECT_EQ(error(R"("constraints": {"must_include": "Friday"})"),
            "p.jsonl:1: constraints.must_include: is a string; give a list of strings");
  EXPECT_EQ(error(R"("constraints": {"must_include": ["a", 2]})"),
            "p.jsonl:1: constraints.must_include[1]: is a number; give a string");
  EXPECT_EQ(error(R"("constraints": {"must_include": [""]})"),
            "p.jsonl:1: constraints.must_include[0]: is empty");
  EXPECT_EQ(error(R"("constraints": {"max_words": 3})"),
            "p.jsonl:1: constraints.max_words: is unknown; give max_chars or must_include");
}

TEST(PromptSetTest, LoadNamesAPathThatIsNotAFile) {
  const auto missing = LoadPrompts("/nonexistent/p.jsonl");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/nonexistent/p.jsonl"));
  EXPECT_EQ(LoadPrompts("/tmp").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PromptSetTest, LoadRejectsAFileAboveTheLimit) {
  const std::string path = testing::TempDir() + "/large.jsonl";
  std::ofstream(path).close();
  std::filesystem::resize_file(path, (uintmax_t{64} << 20) + 1);
  const auto prompts = LoadPrompts(path);
  EXPECT_EQ(prompts.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(prompts.status().message()), HasSubstr("67108865 bytes"));
  std::filesystem::remove(path);
}

TEST(PromptSetTest, BuiltInSetEqualsTheFileAndIdsBeginWithTheType) {
  const auto from_file = LoadPrompts("evaluator/plan/data/prompts.jsonl");
  ASSERT_TRUE(from_file.ok()) << from_file.status();
  ASSERT_EQ(BuiltInPrompts().size(), from_file->size());
  std::map<std::string, int> by_type;
  for (size_t i = 0; i < from_file->size(); ++i) {
    EXPECT_EQ(BuiltInPrompts()[i].prompt, (*from_file)[i].prompt);
    EXPECT_EQ(BuiltInPrompts()[i].id.find(BuiltInPrompts()[i].content_type), 0U);
    ++by_type[BuiltInPrompts()[i].content_type];
  }
  EXPECT_THAT(by_type, SizeIs(6));
  // With fewer than kMinPairs prompts there is no comparison, with fewer than kWarnPairs a warning.
  for (const auto& [type, prompts] : by_type) EXPECT_GE(prompts, kWarnPairs) << type;
  EXPECT_EQ(kBuiltInPromptSetVersion, "3");
}

TEST(PromptSetTest, BuiltInPromptsDoNotResembleEachOther) {
  const auto words = [](const std::string& text) {
    std::set<std::string> found;
    for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" ,.:;()\"-"))) {
      if (word.size() > 3) found.emplace(absl::AsciiStrToLower(word));
    }
    return found;
  };
  const std::vector<EvaluationPrompt>& all = BuiltInPrompts();
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = i + 1; k < all.size(); ++k) {
      const std::set<std::string> a = words(all[i].prompt);
      const std::set<std::string> b = words(all[k].prompt);
      std::vector<std::string> both;
      std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
      EXPECT_LT(2 * both.size(), std::min(a.size(), b.size())) << all[i].id << " " << all[k].id;
    }
  }
}

std::vector<std::string> Ids(const absl::StatusOr<std::vector<EvaluationPrompt>>& prompts) {
  std::vector<std::string> ids;
  if (!prompts.ok()) return {std::string(prompts.status().message())};
  for (const EvaluationPrompt& prompt : *prompts) ids.push_back(prompt.id);
  return ids;
}

TEST(PromptSetTest, SelectReturnsTheFirstOfEachTypeInTheOrderOfTheSet) {
  EXPECT_THAT(Ids(SelectPrompts(BuiltInPrompts(), {"business", "twitter"}, 2)),
              ElementsAre("twitter-1", "twitter-2", "business-1", "business-2"));
  EXPECT_EQ(Ids(SelectPrompts(BuiltInPrompts(), {}, 0)).size(), 60U);
  EXPECT_EQ(Ids(SelectPrompts(BuiltInPrompts(), {"linkedin"}, 99)).size(), 10U);
}

TEST(PromptSetTest, SelectNamesAnUnknownTypeAndListsTheKnownOnes) {
  EXPECT_THAT(Ids(SelectPrompts(BuiltInPrompts(), {"poem"}, 1)),
              ElementsAre("content_types: the prompt set has no 'poem'; it has twitter, linkedin, "
                          "technical, business, email, blog"));
  EXPECT_THAT(Ids(SelectPrompts(BuiltInPrompts(), {}, -1)),
              ElementsAre(HasSubstr("prompts_per_type: -1 is negative")));
}

}  // namespace
}  // namespace assay::evaluator
