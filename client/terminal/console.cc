// Filters control characters; draws the status line and the bar.
#include "client/terminal/console.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

constexpr char kEraseLine[] = "\r\x1b[2K";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }

bool IsContinuation(char c) { return (Byte(c) & 0xC0) == 0x80; }

// The number of bytes of a character that begins with `lead`; 0 for a byte that cannot begin one.
size_t Length(char lead) {
  const unsigned char b = Byte(lead);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return 2;
  if (b >= 0xE0 && b <= 0xEF) return 3;
  if (b >= 0xF0 && b <= 0xF4) return 4;
  return 0;
}

bool IsControl(std::string_view character) {
  const unsigned char b = Byte(character[0]);
  if (character.size() == 1) return (b < 0x20 && b != '\n' && b != '\t') || b == 0x7F;
  return b == 0xC2 && Byte(character[1]) < 0xA0;
}

}  // namespace

std::string TerminalFilter::Filter(std::string_view chunk) {
  std::string text = std::move(pending_);
  pending_.clear();
  text += chunk;
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = Length(text[i]);
    if (length == 0) {
      out += kReplacement;
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && end < i + length && IsContinuation(text[end])) ++end;
    if (end == text.size() && end < i + length) {
      pending_ = text.substr(i);
      break;
    }
    const std::string_view character = std::string_view(text).substr(i, end - i);
    if (character.size() < length) {
      out += kReplacement;
    } else if (!IsControl(character)) {
      out += character;
    }
    i = end;
  }
  return out;
}

std::string OneLine(std::string_view text) {
  std::string line = TerminalFilter().Filter(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

void StatusLine::Update(std::string_view text) {
  if (!streams_.err_is_terminal) return;
  // Some terminals wrap when the last column is used.
  const size_t columns = static_cast<size_t>(std::max(1, streams_.width - 1));
  streams_.err << kEraseLine << OneLine(text.substr(0, columns)) << std::flush;
  shown_ = true;
}

void StatusLine::Clear() {
  if (!shown_) return;
  streams_.err << kEraseLine << std::flush;
  shown_ = false;
}

std::string Bar(double fraction, int cells) {
  const double clamped = fraction > 0 ? std::min(fraction, 1.0) : 0;
  const auto full = static_cast<size_t>(clamped * cells);
  return absl::StrCat("[", std::string(full, '#'),
                      std::string(static_cast<size_t>(cells) - full, '.'), "]");
}

std::string Bold(std::string_view text, bool enabled) {
  if (!enabled) return std::string(text);
  return absl::StrCat("\x1b[1m", std::string(text), "\x1b[0m");
}

}  // namespace assay::client
