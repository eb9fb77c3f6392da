// The streams of the CLI, and the filter that keeps a terminal safe.
#ifndef ASSAY_CLIENT_TERMINAL_CONSOLE_H_
#define ASSAY_CLIENT_TERMINAL_CONSOLE_H_

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace assay::client {

// The process's streams. Borrowed: they must outlive the call of RunCli().
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // True if somebody can be asked.
  bool in_is_terminal = false;
  // True if the stream is a terminal: escape sequences are removed from out, and err gets colors
  // and bars.
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // False if NO_COLOR is set.
  bool color = true;
  // The number of columns of the terminal behind err.
  int width = 80;
};

// Makes untrusted text of a model or a server safe for a terminal: removes the control characters
// U+0000..U+001F except newline and tab, U+007F, and the C1 range U+0080..U+009F, so that no escape
// sequence survives. The input is UTF-8 in chunks of any size. A chunk may end inside a character,
// so each stream of text needs its own object. Malformed bytes become U+FFFD.
class TerminalFilter {
 public:
  // Returns the safe part of what was passed so far and not returned yet.
  std::string Filter(std::string_view chunk);

 private:
  // The first bytes of a character that the last chunk left incomplete.
  std::string pending_;
};

// Filters a whole text and replaces newlines and tabs by spaces, for text inside a line.
std::string OneLine(std::string_view text);

// Shows a line on err that replaces itself, and removes it on destruction. Must be cleared before
// anything else is written. Writes nothing if err is no terminal. Not thread-safe.
class StatusLine {
 public:
  explicit StatusLine(const Streams& streams) : streams_(streams) {}
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Replaces the line, cut to the width of the terminal.
  void Update(std::string_view text);
  // Removes the line if one is shown.
  void Clear();

 private:
  const Streams& streams_;
  bool shown_ = false;
};

// Returns "[########............]". Clamps `fraction` to 0..1.
std::string Bar(double fraction, int cells);

// Returns the text in the terminal's bold, or unchanged if not `enabled`.
std::string Bold(std::string_view text, bool enabled);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_CONSOLE_H_
