// assay-table-reader: reads tables for `assay`. The request is JSON on standard input
// (client/tables/read_tables.h); rows go to standard output and an error, in one line, to standard
// error. A program of its own, so that a damaged or malicious file cannot harm `assay`: it has a
// limit of memory, and `assay` gives it a limit of time.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <iterator>
#include <new>
#include <string>

#include "client/tables/read_tables.h"

namespace {

// Arrow's pool has the limit of the request; this also covers what it allocates elsewhere.
constexpr rlim_t kAddressSpaceBytes = rlim_t{8} << 30U;

void LimitMemory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, kAddressSpaceBytes);
  // The limit is a second line of defense; not every system has it.
  static_cast<void>(setrlimit(RLIMIT_AS, &limit));
#endif
}

int Run() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const nlohmann::json request = nlohmann::json::parse(text);
  const absl::Status status = assay::client::ReadTables(request, std::cout);
  std::cout.flush();
  if (status.ok()) return std::cout ? 0 : 1;
  std::cerr << status.message() << "\n";
  return 1;
}

// Exceptions come from JSON, Parquet and allocations.
int RunGuarded() {
  try {
    return Run();
  } catch (const std::bad_alloc&) {
    std::cerr << "reading the table needs more memory than the limit\n";
  } catch (const std::exception& error) {
    std::cerr << "the table cannot be read: " << error.what() << "\n";
  }
  return 1;
}

}  // namespace

int main() {
  LimitMemory();
  const int code = RunGuarded();
  std::cerr.flush();
  // No destructors: a thread of Arrow may still read ahead.
  std::_Exit(code);
}
