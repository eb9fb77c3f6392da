// Where the CLI writes, and what must never reach a terminal.
#ifndef ASSAY_CLIENT_TERMINAL_CONSOLE_H_
#define ASSAY_CLIENT_TERMINAL_CONSOLE_H_

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace assay::client {

// The process's streams. Borrowed; the caller keeps them alive for the call of RunCli.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Whether a person looks at it: decides escape stripping (out), colours and bars (err).
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // False when NO_COLOR is set.
  bool color = true;
  // Columns of the terminal behind err.
  int width = 80;
};

// Makes untrusted text (a model's, a server's) safe for a terminal: drops the control characters
// U+0000..U+001F except newline and tab, U+007F, and the C1 range U+0080..U+009F, so that no escape
// sequence survives. Input is UTF-8 in any chunking; a C1 character's lead byte may end a chunk,
// so keep one object for one stream of text. Malformed bytes become U+FFFD.
class TerminalFilter {
 public:
  std::string Filter(std::string_view chunk);

 private:
  std::string pending_;
};

// Whole text at once; newlines and tabs become spaces, for text inside a line.
std::string OneLine(std::string_view text);

// Shows one line that replaces itself, and takes it away before anything else is written. On a
// stream that is no terminal, Update writes nothing. Not thread-safe.
class StatusLine {
 public:
  explicit StatusLine(const Streams& streams) : streams_(streams) {}
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Replaces the line, cut to the width of the terminal.
  void Update(std::string_view text);
  // Removes the line, if one is shown.
  void Clear();

 private:
  const Streams& streams_;
  bool shown_ = false;
};

// "[########............]": `fraction` is clamped to 0..1.
std::string Bar(double fraction, int cells);

// Text wrapped in the terminal's bold, where colours are wanted on err.
std::string Bold(std::string_view text, bool enabled);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_CONSOLE_H_
