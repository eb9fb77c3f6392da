// Adds tokens to a vocabulary.
#include "engine/tokenizer/added_token_list.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/tokenizer/json_access.h"

namespace assay::engine {

AddedTokenList::AddedTokenList(TokenizerParts* parts) : parts_(parts) {
  vocabulary_.reserve(parts->spellings.size());
  for (size_t i = 0; i < parts->spellings.size(); ++i) {
    if (!parts->spellings[i].empty()) {
      vocabulary_.insert_or_assign(parts->spellings[i], static_cast<TokenId>(i));
    }
  }
  // A vocabulary with unused ids has its next id within them, as in the tokenizers crate.
  next_id_ = static_cast<TokenId>(vocabulary_.size());
}

TokenId AddedTokenList::IdOf(const std::string& content) const {
  const auto added = positions_.find(content);
  if (added != positions_.end()) return parts_->added[added->second].id;
  const auto known = vocabulary_.find(content);
  return known == vocabulary_.end() ? -1 : known->second;
}

const AddedToken* AddedTokenList::Find(const std::string& content) const {
  const auto added = positions_.find(content);
  return added == positions_.end() ? nullptr : &parts_->added[added->second];
}

void AddedTokenList::Add(AddedToken token) {
  if (token.content.empty()) return;
  token.id = IdOf(token.content);
  if (token.id == -1) token.id = next_id_++;
  const auto id = static_cast<size_t>(token.id);
  if (id >= parts_->spellings.size()) parts_->spellings.resize(id + 1);
  parts_->spellings[id] = token.content;
  const auto [position, inserted] = positions_.try_emplace(token.content, parts_->added.size());
  if (inserted) {
    parts_->added.push_back(std::move(token));
    return;
  }
  AddedToken& before = parts_->added[position->second];
  token.special |= before.special;
  before = std::move(token);
}

absl::StatusOr<AddedToken> ReadAddedToken(const nlohmann::json& object) {
  AddedToken token;
  ASSIGN_OR_RETURN(token.content, StringMember(object, "content"));
  ASSIGN_OR_RETURN(token.special, BoolMember(object, "special", false));
  ASSIGN_OR_RETURN(token.normalized, BoolMember(object, "normalized", !token.special));
  ASSIGN_OR_RETURN(token.strip_left, BoolMember(object, "lstrip", false));
  ASSIGN_OR_RETURN(token.strip_right, BoolMember(object, "rstrip", false));
  ASSIGN_OR_RETURN(token.single_word, BoolMember(object, "single_word", false));
  return token;
}

}  // namespace assay::engine
