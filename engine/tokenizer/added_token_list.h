// The added tokens of a Hugging Face folder. Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_ADDED_TOKEN_LIST_H_
#define ASSAY_ENGINE_TOKENIZER_ADDED_TOKEN_LIST_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Adds tokens to a vocabulary by the rules of the tokenizers crate: a token that the vocabulary has
// keeps its id, and a new one has the next free id. The ids in the files are ignored.
class AddedTokenList {
 public:
  // `parts` must have the vocabulary of the model and must outlive this object.
  explicit AddedTokenList(TokenizerParts* parts);

  // Adds a token, or replaces the flags of a token with the same content. A token that was special
  // stays special. Empty content is ignored.
  void Add(AddedToken token);
  // Returns the token that was added with this content, or null. The next call of Add() may
  // invalidate the pointer.
  const AddedToken* Find(const std::string& content) const;
  // Returns the id of a token of the vocabulary or of an added token, or -1.
  TokenId IdOf(const std::string& content) const;

 private:
  TokenizerParts* parts_;
  // The ids of the model's vocabulary, and the positions in parts_->added.
  absl::flat_hash_map<std::string, TokenId> vocabulary_;
  absl::flat_hash_map<std::string, size_t> positions_;
  TokenId next_id_;
};

// Reads {"content": "<s>", "lstrip": false, ...}. The defaults are those of `tokenizers`: a token
// is normalized unless it is special. Returns DATA_LOSS with the name of an invalid member.
absl::StatusOr<AddedToken> ReadAddedToken(const nlohmann::json& object);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_ADDED_TOKEN_LIST_H_
