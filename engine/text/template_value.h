// Values of a template while it renders.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace assay::engine {

struct TemplateValue;
using TemplateList = std::vector<TemplateValue>;
using TemplateMap = std::map<std::string, TemplateValue>;

struct TemplateUndefined {};
struct TemplateNone {};

// Lists and maps are shared and never changed after they are made.
struct TemplateValue {
  std::variant<TemplateUndefined, TemplateNone, bool, int64_t, std::string,
               std::shared_ptr<const TemplateList>, std::shared_ptr<const TemplateMap>>
      data;

  static TemplateValue List(TemplateList list) {
    return {std::make_shared<const TemplateList>(std::move(list))};
  }
  static TemplateValue Map(TemplateMap map) {
    return {std::make_shared<const TemplateMap>(std::move(map))};
  }

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data);
  }
  const TemplateList* AsList() const {
    const auto* list = As<std::shared_ptr<const TemplateList>>();
    return list == nullptr ? nullptr : list->get();
  }
  const TemplateMap* AsMap() const {
    const auto* map = As<std::shared_ptr<const TemplateMap>>();
    return map == nullptr ? nullptr : map->get();
  }
  bool IsUndefined() const { return std::holds_alternative<TemplateUndefined>(data); }
  bool IsNone() const { return std::holds_alternative<TemplateNone>(data); }

  // Python's truth.
  bool Truth() const;
};

// Python's ==; true and 1 are equal.
bool operator==(const TemplateValue& a, const TemplateValue& b);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_
