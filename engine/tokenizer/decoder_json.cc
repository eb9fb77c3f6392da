// Reads the decoder of a tokenizer.json.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/tokenizer/component_access.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using Steps = std::vector<DecoderStep>;

absl::Status ReadMetaspaceDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(MetaspaceStep step, ReadMetaspace(object));
  out->emplace_back(DecodeMetaspaceStep{std::move(step.replacement),
                                        step.prefix != MetaspaceStep::Prefix::kNever});
  return absl::OkStatus();
}

absl::Status ReadReplaceDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(unicode::Regex pattern, ReadPattern(object));
  ASSIGN_OR_RETURN(std::string content, StringMember(object, "content"));
  const Json* member = FindMember(object, "pattern");
  absl::StatusOr<std::string> literal = StringMember(*member, "String");
  out->emplace_back(ReplaceTokenStep{std::move(pattern), std::move(content),
                                     literal.ok() ? *std::move(literal) : ""});
  return absl::OkStatus();
}

absl::Status ReadStripDecoder(const Json& object, Steps* out) {
  // A token is shorter, so that larger numbers mean the same.
  constexpr int64_t kMax = INT64_MAX;
  ASSIGN_OR_RETURN(std::string content, CharacterMember(object, "content"));
  ASSIGN_OR_RETURN(const int64_t start, IntMember(object, "start", kMax));
  ASSIGN_OR_RETURN(const int64_t stop, IntMember(object, "stop", kMax));
  out->emplace_back(
      StripTokenStep{std::move(content), static_cast<size_t>(start), static_cast<size_t>(stop)});
  return absl::OkStatus();
}

absl::Status ReadWordPieceDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(std::string prefix, StringMember(object, "prefix"));
  ASSIGN_OR_RETURN(const bool cleanup, BoolMember(object, "cleanup", true));
  out->emplace_back(DecodeWordPieceStep{std::move(prefix), cleanup});
  return absl::OkStatus();
}

absl::Status ReadSuffixDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(std::string suffix, StringMember(object, "suffix"));
  out->emplace_back(DecodeSuffixStep{std::move(suffix)});
  return absl::OkStatus();
}

absl::Status ReadCtcDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(std::string padding, StringMember(object, "pad_token"));
  ASSIGN_OR_RETURN(std::string delimiter, StringMember(object, "word_delimiter_token"));
  ASSIGN_OR_RETURN(const bool cleanup, BoolMember(object, "cleanup", true));
  out->emplace_back(DecodeCtcStep{std::move(padding), std::move(delimiter), cleanup});
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadDecoder(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "decoders", [&](const Json& o) { return ReadDecoder(o, out); });
  }
  if (type == "Metaspace") return ReadMetaspaceDecoder(object, out);
  if (type == "Replace") return ReadReplaceDecoder(object, out);
  if (type == "Strip") return ReadStripDecoder(object, out);
  if (type == "WordPiece") return ReadWordPieceDecoder(object, out);
  if (type == "BPEDecoder") return ReadSuffixDecoder(object, out);
  if (type == "CTC") return ReadCtcDecoder(object, out);
  if (type == "Fuse") {
    out->emplace_back(FuseStep{});
  } else if (type == "ByteLevel") {
    out->emplace_back(DecodeByteLevelStep{});
  } else if (type == "ByteFallback") {
    out->emplace_back(DecodeByteFallbackStep{});
  } else {
    return Unsupported("decoder", type);
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
