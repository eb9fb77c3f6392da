// The expected texts are those of Python's bytes.decode(errors="replace").
#include "engine/runtime/generation/utf8_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace assay::engine {
namespace {

struct Case {
  std::string_view bytes;
  std::string_view text;
};

constexpr Case kCases[] = {
    {"plain", "plain"},
    {"gr\xC3\xBC\xC3\x9F \xE4\xB8\xAD \xF0\x9F\x8E\x89", "grüß 中 🎉"},
    {"a\xFFz", "a\xEF\xBF\xBDz"},
    {"\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xF0\x9F\x8E!", "\xEF\xBF\xBD!"},
    {"\xE2\x82", "\xEF\xBF\xBD"},
    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xE0\x80\xC3\xA9", "\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9"},
};

TEST(Utf8BufferTest, DecodesAsPythonForAnySplitOfTheBytes) {
  for (const Case& c : kCases) {
    for (size_t step = 1; step <= c.bytes.size(); ++step) {
      Utf8Buffer buffer;
      std::string text;
      for (size_t i = 0; i < c.bytes.size(); i += step)
        text += buffer.Append(c.bytes.substr(i, step));
      text += buffer.Flush();
      EXPECT_EQ(text, c.text) << "in steps of " << step;
    }
  }
}

TEST(Utf8BufferTest, HoldsACharacterUntilItIsComplete) {
  Utf8Buffer buffer;
  EXPECT_EQ(buffer.Append("a\xF0\x9F"), "a");
  EXPECT_EQ(buffer.Append("\x8E"), "");
  EXPECT_EQ(buffer.Append("\x89z"), "🎉z");
  EXPECT_EQ(buffer.Flush(), "");
}

TEST(Utf8BufferTest, FlushEmptiesTheBuffer) {
  Utf8Buffer buffer;
  buffer.Append("\xE2");
  EXPECT_EQ(buffer.Flush(), "\xEF\xBF\xBD");
  EXPECT_EQ(buffer.Flush(), "");
  EXPECT_EQ(buffer.Append("b"), "b");
}

}  // namespace
}  // namespace assay::engine
