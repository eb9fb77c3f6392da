// Models that were split into several GGUF files, by the names that llama.cpp gives these.
#ifndef ASSAY_REGISTRY_GGUF_PARTS_H_
#define ASSAY_REGISTRY_GGUF_PARTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"

namespace assay::registry {
namespace gguf_parts {

inline constexpr std::string_view kEnd = "-00000-of-00000.gguf";
inline constexpr size_t kDigits = 5;
inline constexpr size_t kNumber = 1;
inline constexpr size_t kCount = 10;
inline constexpr int kMostParts = 1024;

inline int NumberAt(std::string_view end, size_t at) {
  int number = 0;
  for (const char digit : end.substr(at, kDigits)) number = number * 10 + (digit - '0');
  return number;
}

// Of a part's name; empty for another.
inline std::string_view EndOf(std::string_view name) {
  if (name.size() <= kEnd.size()) return {};
  const std::string_view end = name.substr(name.size() - kEnd.size());
  for (size_t i = 0; i < kEnd.size(); ++i) {
    const bool fits = kEnd[i] == '0' ? end[i] >= '0' && end[i] <= '9' : end[i] == kEnd[i];
    if (!fits) return {};
  }
  const int number = NumberAt(end, kNumber);
  const int count = NumberAt(end, kCount);
  return number >= 1 && number <= count && count <= kMostParts ? end : std::string_view();
}

}  // namespace gguf_parts

// Of "a-00002-of-00003.gguf" the names of all three parts; of another name itself.
inline std::vector<std::string> GgufParts(std::string_view name) {
  using gguf_parts::kCount;
  const std::string_view end = gguf_parts::EndOf(name);
  if (end.empty()) return {std::string(name)};
  const std::string prefix(name.substr(0, name.size() - end.size()));
  const int count = gguf_parts::NumberAt(end, kCount);
  std::vector<std::string> names;
  for (int part = 1; part <= count; ++part) {
    names.push_back(absl::StrFormat("%s-%05d-of-%05d.gguf", prefix, part, count));
  }
  return names;
}

// The first part stands for the model.
inline bool IsLaterGgufPart(std::string_view name) {
  const std::string_view end = gguf_parts::EndOf(name);
  return !end.empty() && gguf_parts::NumberAt(end, gguf_parts::kNumber) > 1;
}

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_GGUF_PARTS_H_
