// Looks up tensors by name.
#include "engine/formats/stored_tensor.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::engine {

int64_t StoredTensor::ElementCount() const {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

const UnreadTensor* TensorSource::FindUnread(std::string_view name) const {
  const auto it = std::find_if(unread().begin(), unread().end(),
                               [&](const UnreadTensor& tensor) { return tensor.name == name; });
  return it == unread().end() ? nullptr : &*it;
}

const std::vector<int64_t>* TensorSource::FindShape(std::string_view name) const {
  if (const StoredTensor* tensor = FindTensor(name)) return &tensor->shape;
  const UnreadTensor* tensor = FindUnread(name);
  return tensor == nullptr ? nullptr : &tensor->shape;
}

}  // namespace assay::engine
