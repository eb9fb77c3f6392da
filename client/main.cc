// The CLI `assay`. Sets up the streams and signals of the process.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/run_cli.h"
#include "client/terminal/console.h"
#include "client/terminal/interrupt.h"

namespace {

int TerminalWidth(int fallback) {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return fallback;
  return size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  assay::client::Streams streams{.in = std::cin, .out = std::cout, .err = std::cerr};
  streams.in_is_terminal = isatty(STDIN_FILENO) == 1;
  streams.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  streams.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  streams.color = no_color == nullptr || *no_color == '\0';
  streams.width = TerminalWidth(streams.width);

  assay::client::Interrupt interrupt;
  const assay::client::SignalWatcher watcher(interrupt);
  return assay::client::RunCli(std::vector<std::string>(argv + 1, argv + argc), streams, interrupt);
}
