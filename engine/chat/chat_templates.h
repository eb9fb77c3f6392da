// The chat templates of a model, and which of them renders a conversation.
#ifndef ASSAY_ENGINE_CHAT_CHAT_TEMPLATES_H_
#define ASSAY_ENGINE_CHAT_CHAT_TEMPLATES_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/chat/chat_template.h"
#include "engine/chat/chat_template_source.h"

namespace assay::engine {

// Immutable and thread-safe.
class ChatTemplates {
 public:
  struct Entry {
    std::string name;
    // Why it cannot be parsed: a construct that is not supported, a syntax error, invalid UTF-8.
    absl::StatusOr<std::unique_ptr<ChatTemplate>> parsed;
  };

  // Parses the templates. An error of `sources` or of a template is reported when that template is
  // needed, because the model is usable for raw prompts all the same.
  explicit ChatTemplates(const absl::StatusOr<std::vector<NamedTemplate>>& sources);

  // Returns the template for a conversation, as transformers chooses it: the one called `name`;
  // without a name "tool_use" if there are tools and the model has it, otherwise "default". Returns
  // FAILED_PRECONDITION with the reason if the template cannot be read, INVALID_ARGUMENT with the
  // names that exist if there is none of that name. `model` names the model in errors.
  absl::StatusOr<const Entry*> Choose(const std::string& name, bool has_tools,
                                      const std::string& model) const;

  // True for a base model: prompts are encoded as they are.
  bool empty() const { return status_.ok() && entries_.empty(); }
  // OK if at least one template can be used or if there are none, otherwise why the first cannot.
  absl::Status status() const;
  // Sorted by name.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  // Why the files of the templates cannot be read.
  absl::Status status_;
  std::vector<Entry> entries_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_CHAT_CHAT_TEMPLATES_H_
