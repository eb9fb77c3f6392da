// Lists the supported architectures.
#include "engine/architectures/architecture.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {

absl::Span<const Architecture> Architectures() {
  static const auto* const kArchitectures = new std::vector<Architecture>{
      Llama(), Mistral(), Qwen2(),   Qwen3(),  Gemma2(),   Gemma3(),  Phi2(),   Phi3(), Bloom(),
      Gpt2(),  Opt(),     GptNeoX(), GptNeo(), StableLm(), SmolLm3(), Falcon(), Bert(),
  };
  return *kArchitectures;
}

const Architecture* FindGgufArchitecture(std::string_view name) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.in_gguf && name == architecture.name) return &architecture;
  }
  return nullptr;
}

const Architecture* FindModelType(std::string_view model_type) {
  for (const Architecture& architecture : Architectures()) {
    for (const char* known : architecture.model_types) {
      if (model_type == known) return &architecture;
    }
  }
  return nullptr;
}

std::string ModelTypesText() {
  std::vector<const char*> names;
  for (const Architecture& architecture : Architectures()) {
    names.insert(names.end(), architecture.model_types.begin(), architecture.model_types.end());
  }
  return absl::StrJoin(names, ", ");
}

std::string GgufArchitecturesText() {
  std::vector<const char*> names;
  for (const Architecture& architecture : Architectures()) {
    if (architecture.in_gguf) names.push_back(architecture.name);
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace assay::engine
