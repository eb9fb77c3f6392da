// The protobuf of a SentencePiece model (tokenizer.model). Private to this folder.
#ifndef ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_PROTO_H_
#define ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_PROTO_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// The members of sentencepiece_model.proto that tokenization needs, with the proto's defaults.
struct SentencePieceProto {
  enum class Type {
    kNormal = 1,
    kUnknown = 2,
    kControl = 3,
    kUserDefined = 4,
    kUnused = 5,
    kByte = 6
  };
  enum class Model { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };
  struct Piece {
    std::string spelling;
    double score = 0.0;
    Type type = Type::kNormal;
  };

  std::vector<Piece> pieces;
  Model model = Model::kUnigram;
  bool byte_fallback = false;
  bool space_as_suffix = false;
  // -1 if the model has no such token.
  TokenId unknown = 0;
  TokenId bos = 1;
  TokenId eos = 2;
  TokenId padding = -1;
  std::string chars_map;
  bool add_dummy_prefix = true;
  bool remove_extra_spaces = true;
  bool escape_spaces = true;
};

// Parses the wire format (https://protobuf.dev/programming-guides/encoding/) without protobuf,
// which the engine must not include. Unknown fields are skipped. Returns DATA_LOSS with the offset
// for bytes that are no such message, for a model without pieces and for more than 4,194,304.
absl::StatusOr<SentencePieceProto> ParseSentencePieceProto(std::string_view bytes);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SENTENCEPIECE_PROTO_H_
