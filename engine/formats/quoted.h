// Names from files, quoted for error messages.
#ifndef ASSAY_ENGINE_FORMATS_QUOTED_H_
#define ASSAY_ENGINE_FORMATS_QUOTED_H_

#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace assay::engine {

// Returns the name in quotes: at most 80 bytes of it, in printable ASCII.
inline std::string Quoted(const std::string& name) {
  constexpr size_t kMaxShown = 80;
  return absl::StrCat("'", absl::CEscape(name.substr(0, kMaxShown)),
                      name.size() > kMaxShown ? "..." : "", "'");
}

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_FORMATS_QUOTED_H_
