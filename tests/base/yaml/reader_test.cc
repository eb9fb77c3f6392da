// Tests of the strict YAML reader and of its error messages.
#include "base/yaml/reader.h"

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<YamlDocument> Parsed(const std::string& text) {
  absl::StatusOr<std::unique_ptr<YamlDocument>> document = YamlDocument::Parse(text, "f.yaml");
  EXPECT_TRUE(document.ok()) << document.status();
  return document.ok() ? *std::move(document) : nullptr;
}

TEST(YamlReaderTest, ReadsEveryKind) {
  auto document = Parsed(R"(
text: hello
number: 1.5
count: 7
flag: true
size: 1.5KiB
wait: 250ms
quoted: "12"
list: [a, b]
map: { inner: x }
maps:
  - { n: 1 }
  - { n: 2 }
nothing: null
)");
  YamlMap root = document->root();
  EXPECT_EQ(root.String("text", ""), "hello");
  EXPECT_DOUBLE_EQ(root.Number("number", 0, 0, 10), 1.5);
  EXPECT_EQ(root.Int("count", 0, 0, 10), 7);
  EXPECT_TRUE(root.Bool("flag", false));
  EXPECT_EQ(root.Bytes("size", 0), 1536);
  EXPECT_DOUBLE_EQ(root.Seconds("wait", 0, 0, 10), 0.25);
  EXPECT_EQ(root.String("quoted", ""), "12");
  EXPECT_THAT(root.Strings("list"), ElementsAre("a", "b"));
  EXPECT_EQ(root.Map("map").String("inner", ""), "x");
  std::vector<YamlMap> maps = root.Maps("maps");
  ASSERT_EQ(maps.size(), 2);
  EXPECT_EQ(maps[0].Int("n", 0, 0, 9), 1);
  EXPECT_EQ(maps[1].Int("n", 0, 0, 9), 2);
  EXPECT_EQ(root.String("nothing", "default"), "default");
  EXPECT_EQ(root.Map("absent").Int("n", 5, 0, 9), 5);
  EXPECT_TRUE(document->Finish().ok()) << document->Finish();
}

TEST(YamlReaderTest, SizesAndDurationsMayBeQuoted) {
  auto document = Parsed("{size: \"2KiB\", wait: '30s', forever: forever, count: \"7\"}");
  YamlMap root = document->root();
  EXPECT_EQ(root.Bytes("size", 0), 2048);
  EXPECT_DOUBLE_EQ(root.Seconds("wait", 0, 0, 60), 30);
  EXPECT_TRUE(std::isinf(root.SecondsOrForever("forever", 0, 0, 60)));
  root.Int("count", 0, 0, 9);
  EXPECT_FALSE(document->Finish().ok());
}

struct BadValue {
  std::string text;
  std::function<void(YamlMap)> read;
  std::string message;
};

TEST(YamlReaderTest, ErrorsNameLineKeyAndValue) {
  const std::vector<BadValue> cases = {
      {"a: 1\nk: 12x", [](YamlMap m) { m.Int("k", 0, 0, 99); }, "f.yaml:2: k: '12x'"},
      {"a: 1\nk: \"12\"", [](YamlMap m) { m.Int("k", 0, 0, 99); }, "f.yaml:2: k: '12'"},
      {"a: 1\nk: 120", [](YamlMap m) { m.Int("k", 0, 0, 99); }, "120 is out of range"},
      {"a: 1\nk: 99999999999999999999", [](YamlMap m) { m.Int("k", 0, 0, 99); }, "k: '9999"},
      {"a: 1\nk: .inf", [](YamlMap m) { m.Number("k", 0, 0, 9); }, "k: '.inf'"},
      {"a: 1\nk: nan", [](YamlMap m) { m.Number("k", 0, 0, 9); }, "k: 'nan'"},
      {"a: 1\nk: yes", [](YamlMap m) { m.Bool("k", false); }, "'yes' is not one of true, false"},
      {"a: 1\nk: -4GiB", [](YamlMap m) { m.Bytes("k", 0); }, "k: '-4GiB'"},
      {"a: 1\nk: 5 minutes", [](YamlMap m) { m.Seconds("k", 0, 0, 9); }, "k: '5 minutes'"},
      {"a: 1\nk: fp7", [](YamlMap m) { m.Choice("k", "x", {"x", "y"}); },
       "'fp7' is not one of x, y"},
      {"a: 1\nk: [1]", [](YamlMap m) { m.String("k", ""); }, "k: must be a string"},
      {"a: 1\nk: x", [](YamlMap m) { m.Map("k"); }, "k: must be a mapping"},
      {"a: 1\nk: x", [](YamlMap m) { m.Strings("k"); }, "k: must be a list"},
      {"a: 1\nk: [{b: 1}, 2]", [](YamlMap m) { m.Maps("k"); }, "k[1]: must be a mapping"},
      {"a: 1\nk:", [](YamlMap m) { m.RequiredString("k"); }, "f.yaml:2: k: is required"},
  };
  for (const BadValue& bad : cases) {
    auto document = Parsed(bad.text);
    YamlMap root = document->root();
    root.Int("a", 0, 0, 9);
    bad.read(root);
    const absl::Status status = document->Finish();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message)) << bad.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("f.yaml:2")) << bad.text;
  }
}

TEST(YamlReaderTest, NestedErrorsHaveTheFullKeyPath) {
  auto document = Parsed("models:\n  - x: 1\n    source:\n      size: big\n");
  YamlMap model = document->root().Maps("models")[0];
  model.Int("x", 0, 0, 9);
  model.Map("source").Bytes("size", 0);
  EXPECT_THAT(std::string(document->Finish().message()),
              HasSubstr("f.yaml:4: models[0].source.size: 'big'"));
}

TEST(YamlReaderTest, SuggestsTheNearestKnownKey) {
  auto document = Parsed("listen: a\nlissten: b\n");
  document->root().String("listen", "");
  EXPECT_THAT(std::string(document->Finish().message()),
              HasSubstr("f.yaml:2: lissten: unknown key; did you mean 'listen'?"));
}

TEST(YamlReaderTest, KeepsTheFirstError) {
  auto document = Parsed("a: x\nb: y\n");
  document->root().Int("a", 0, 0, 9);
  document->root().Int("b", 0, 0, 9);
  EXPECT_THAT(std::string(document->Finish().message()), HasSubstr("f.yaml:1: a"));
}

TEST(YamlReaderTest, RefusesAnchorsDuplicateKeysAndBadSyntax) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a: 1\na: 2\n", "f.yaml:2:1: key 'a' is duplicated (first in line 1)"},
      {"a: &x 1\n", "anchors"},
      {"a: 1\nb: *x\n", "f.yaml:2"},
      {"? [1, 2]\n: 3\n", "plain word"},
      {"a: [1, 2\n", "malformed YAML"},
      {"a: 1\n\tb: 2\n", "f.yaml:2"},
      {"a: 1\n---\nb: 2\n", "more than one YAML document"},
      {"- a\n- b\n", "must be a mapping"},
      {"a: " + std::string(40, '[') + std::string(40, ']') + "\n", "nested deeper"},
      {std::string(2 << 20, '#'), "larger than"},
  };
  for (const auto& [text, message] : cases) {
    const absl::Status status = YamlDocument::Parse(text, "f.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 40);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << text.substr(0, 40);
  }
}

TEST(YamlReaderTest, AnEmptyDocumentGivesDefaults) {
  auto document = Parsed("");
  EXPECT_EQ(document->root().Int("k", 3, 0, 9), 3);
  EXPECT_TRUE(document->Finish().ok());
}

TEST(YamlReaderTest, RefusesAFolderAndReportsAMissingFile) {
  EXPECT_EQ(YamlDocument::Load("/nonexistent/x.yaml").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(YamlDocument::Load(testing::TempDir()).ok());
}

}  // namespace
}  // namespace assay
