// The names of a scope of a template, as jinja2's compiler finds them.
#include "engine/jinja/syntax/symbols.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::jinja {

using Kind = FrameEntry::Kind;

std::string Symbols::FindIdentifier(const std::string& name) const {
  for (const Symbols* symbols = this; symbols != nullptr; symbols = symbols->parent_) {
    const auto found = symbols->identifiers_.find(name);
    if (found != symbols->identifiers_.end()) return found->second;
  }
  return "";
}

void Symbols::Define(const std::string& name, Load load) {
  const std::string identifier = absl::StrCat(level_, ":", name);
  identifiers_[name] = identifier;
  names_[identifier] = name;
  loads_[identifier] = std::move(load);
  function_->slots.emplace(identifier, static_cast<int>(function_->slots.size()));
}

void Symbols::StoreName(const std::string& name) {
  stores_.insert(name);
  if (identifiers_.contains(name)) return;
  const std::string outer = parent_ == nullptr ? "" : parent_->FindIdentifier(name);
  Define(name, outer.empty() ? Load{Kind::kUndefined, ""} : Load{Kind::kAlias, outer});
}

void Symbols::LoadName(const std::string& name) {
  if (FindIdentifier(name).empty()) Define(name, {Kind::kGlobal, ""});
}

void Symbols::DeclareParameter(const std::string& name) {
  stores_.insert(name);
  Define(name, {Kind::kParameter, ""});
}

void Symbols::MergeBranches(const std::vector<Symbols>& branches) {
  std::set<std::string> stores;
  for (const Symbols& branch : branches) {
    for (const std::string& name : branch.stores_) {
      if (!stores_.contains(name)) stores.insert(name);
    }
  }
  for (const Symbols& branch : branches) {
    for (const auto& [name, identifier] : branch.identifiers_) identifiers_[name] = identifier;
    for (const auto& [identifier, name] : branch.names_) names_[identifier] = name;
    for (const auto& [identifier, load] : branch.loads_) loads_[identifier] = load;
    stores_.insert(branch.stores_.begin(), branch.stores_.end());
  }
  // What only some branches may have set keeps its outer value in the others.
  for (const std::string& name : stores) {
    const std::string outer = parent_ == nullptr ? "" : parent_->FindIdentifier(name);
    loads_[FindIdentifier(name)] =
        outer.empty() ? Load{Kind::kGlobal, ""} : Load{Kind::kAlias, outer};
  }
}

Variable Symbols::FindVariable(const std::string& identifier, const FunctionSlots& function) const {
  int hops = 0;
  for (const FunctionSlots* from = &function; from != nullptr; from = from->outer, ++hops) {
    const auto found = from->slots.find(identifier);
    if (found != from->slots.end()) return {.hops = hops, .slot = found->second};
  }
  return {};
}

Variable Symbols::Find(const std::string& name, const FunctionSlots& function) const {
  const std::string identifier = FindIdentifier(name);
  return identifier.empty() ? Variable{} : FindVariable(identifier, function);
}

Frame Symbols::MakeFrame() const {
  Frame frame;
  for (const auto& [identifier, load] : loads_) {
    FrameEntry entry{.kind = load.kind,
                     .slot = function_->slots.at(identifier),
                     .name = names_.at(identifier),
                     .source = {}};
    if (load.kind == Kind::kAlias) entry.source = FindVariable(load.source, *function_);
    frame.entries.push_back(std::move(entry));
  }
  return frame;
}

}  // namespace assay::jinja
