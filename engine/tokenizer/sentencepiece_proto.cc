// Parses the protobuf of a SentencePiece model.
#include "engine/tokenizer/sentencepiece_proto.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxPieces = size_t{1} << 22;

enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field of a message. `number` is the value of a varint or a fixed-size field.
struct Field {
  uint64_t id = 0;
  uint64_t type = kVarint;
  uint64_t number = 0;
  std::string_view bytes;

  bool flag() const { return number != 0; }
  // A negative id means that there is no token. It is a varint of 64 bits.
  TokenId token() const { return static_cast<TokenId>(static_cast<int32_t>(number)); }
};

// Reads the fields of one message.
class Message {
 public:
  explicit Message(std::string_view bytes) : size_(bytes.size()), rest_(bytes) {}

  bool done() const { return rest_.empty(); }

  absl::StatusOr<Field> Next() {
    Field field;
    ASSIGN_OR_RETURN(const uint64_t tag, ReadVarint());
    constexpr int kTypeBits = 3;
    field.id = tag >> kTypeBits;
    field.type = tag & ((1 << kTypeBits) - 1);
    switch (field.type) {
      case kVarint: {
        ASSIGN_OR_RETURN(field.number, ReadVarint());
        return field;
      }
      case kBytes: {
        ASSIGN_OR_RETURN(const uint64_t size, ReadVarint());
        ASSIGN_OR_RETURN(field.bytes, Take(size));
        return field;
      }
      case kFixed32:
      case kFixed64: {
        ASSIGN_OR_RETURN(const std::string_view bytes, Take(field.type == kFixed32 ? 4 : 8));
        for (size_t i = bytes.size(); i-- > 0;) {
          field.number = field.number << 8 | static_cast<uint8_t>(bytes[i]);
        }
        return field;
      }
      default:
        return Invalid();
    }
  }

 private:
  absl::Status Invalid() const {
    return absl::DataLossError(absl::StrCat("is not a SentencePiece model: a message of ", size_,
                                            " bytes is invalid at byte ", size_ - rest_.size()));
  }

  absl::StatusOr<std::string_view> Take(uint64_t bytes) {
    if (bytes > rest_.size()) return Invalid();
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  absl::StatusOr<uint64_t> ReadVarint() {
    constexpr int kBitsPerByte = 7;
    constexpr int kMaxShift = 63;
    uint64_t value = 0;
    for (int shift = 0; shift <= kMaxShift && !rest_.empty(); shift += kBitsPerByte) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return Invalid();
  }

  size_t size_;
  std::string_view rest_;
};

// Calls read(field) for each field of a message.
template <typename Read>
absl::Status ForEachField(std::string_view bytes, Read read) {
  Message message(bytes);
  while (!message.done()) {
    ASSIGN_OR_RETURN(const Field field, message.Next());
    RETURN_IF_ERROR(read(field));
  }
  return absl::OkStatus();
}

absl::Status ReadPiece(std::string_view bytes, SentencePieceProto* out) {
  using Type = SentencePieceProto::Type;
  SentencePieceProto::Piece piece;
  RETURN_IF_ERROR(ForEachField(bytes, [&](const Field& field) -> absl::Status {
    if (field.id == 1) piece.spelling = std::string(field.bytes);
    if (field.id == 2) piece.score = std::bit_cast<float>(static_cast<uint32_t>(field.number));
    if (field.id == 3 && field.number >= static_cast<uint64_t>(Type::kNormal) &&
        field.number <= static_cast<uint64_t>(Type::kByte)) {
      piece.type = static_cast<Type>(field.number);
    }
    return absl::OkStatus();
  }));
  if (!std::isfinite(piece.score)) {
    return absl::DataLossError(
        absl::StrCat("piece ", out->pieces.size(), " has the score ", piece.score));
  }
  if (out->pieces.size() == kMaxPieces) {
    return absl::DataLossError(absl::StrCat("has more than ", kMaxPieces, " pieces"));
  }
  out->pieces.push_back(std::move(piece));
  return absl::OkStatus();
}

// The numbers are those of TrainerSpec.
absl::Status ReadTrainerSpec(std::string_view bytes, SentencePieceProto* out) {
  return ForEachField(bytes, [&](const Field& field) -> absl::Status {
    switch (field.id) {
      case 3:
        out->model = static_cast<SentencePieceProto::Model>(field.number);
        break;
      case 24:
        out->space_as_suffix = field.flag();
        break;
      case 35:
        out->byte_fallback = field.flag();
        break;
      case 40:
        out->unknown = field.token();
        break;
      case 41:
        out->bos = field.token();
        break;
      case 42:
        out->eos = field.token();
        break;
      case 43:
        out->padding = field.token();
        break;
      default:
        break;
    }
    return absl::OkStatus();
  });
}

// The numbers are those of NormalizerSpec.
absl::Status ReadNormalizerSpec(std::string_view bytes, SentencePieceProto* out) {
  return ForEachField(bytes, [&](const Field& field) -> absl::Status {
    if (field.id == 2) out->chars_map = std::string(field.bytes);
    if (field.id == 3) out->add_dummy_prefix = field.flag();
    if (field.id == 4) out->remove_extra_spaces = field.flag();
    if (field.id == 5) out->escape_spaces = field.flag();
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<SentencePieceProto> ParseSentencePieceProto(std::string_view bytes) {
  SentencePieceProto out;
  RETURN_IF_ERROR(ForEachField(bytes, [&](const Field& field) -> absl::Status {
    if (field.type != kBytes) return absl::OkStatus();
    if (field.id == 1) return ReadPiece(field.bytes, &out);
    if (field.id == 2) return ReadTrainerSpec(field.bytes, &out);
    if (field.id == 3) return ReadNormalizerSpec(field.bytes, &out);
    return absl::OkStatus();
  }));
  if (out.pieces.empty()) {
    return absl::DataLossError("is not a SentencePiece model: it has no pieces");
  }
  return out;
}

}  // namespace assay::engine
