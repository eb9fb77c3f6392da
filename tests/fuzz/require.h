// The assertion of the fuzz targets.
#ifndef ASSAY_TESTS_FUZZ_REQUIRE_H_
#define ASSAY_TESTS_FUZZ_REQUIRE_H_

#include <cstdlib>
#include <iostream>

namespace assay {

// Aborts with a message if a property does not hold. Unlike assert(), it also works in release
// builds. The fuzzer reports the abort as a crash.
inline void Require(bool holds, const char* property) {
  if (holds) return;
  std::cerr << "violated: " << property << "\n";
  std::abort();
}

}  // namespace assay

#endif  // ASSAY_TESTS_FUZZ_REQUIRE_H_
