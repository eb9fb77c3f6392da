// A model in memory, ready to generate.
#include "engine/runtime/language_model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/formats/gguf.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/generator.h"
#include "engine/runtime/llama.h"
#include "engine/runtime/llama_config.h"
#include "engine/runtime/llama_weights.h"
#include "engine/runtime/torch_status.h"
#include "engine/runtime/weight_loader.h"

namespace assay::engine {
namespace {

constexpr char kChatTemplateKey[] = "tokenizer.chat_template";
// Shares of a load's time, for its progress.
constexpr double kOpeningShare = 0.05;
constexpr double kWeightsShare = 0.9;

absl::StatusOr<at::ScalarType> ParseDtype(const LoadOptions& options) {
  const std::string& name = options.dtype == "auto" ? options.device.default_dtype : options.dtype;
  if (name == "float32") return at::kFloat;
  if (name == "float16") return at::kHalf;
  if (name == "bfloat16") return at::kBFloat16;
  return absl::InvalidArgumentError(
      absl::StrCat("dtype \"", name, "\" is none of auto, float32, float16, bfloat16"));
}

std::string DtypeName(at::ScalarType dtype) {
  if (dtype == at::kHalf) return "float16";
  return dtype == at::kBFloat16 ? "bfloat16" : "float32";
}

// What both Load() and EstimateBytes() need to know first.
struct Plan {
  std::unique_ptr<GgufFile> file;
  LlamaConfig config;
  at::ScalarType dtype;
  int64_t context;
};

absl::StatusOr<Plan> MakePlan(const LoadOptions& options) {
  if (options.device.name.empty()) {
    return absl::InvalidArgumentError("LoadOptions.device is empty; take one from ResolveDevice()");
  }
  const absl::StatusOr<at::ScalarType> dtype = ParseDtype(options);
  if (!dtype.ok()) return dtype.status();
  absl::StatusOr<std::unique_ptr<GgufFile>> file = GgufFile::Open(options.path);
  if (!file.ok()) return file.status();
  const absl::StatusOr<LlamaConfig> config = ReadLlamaConfig(**file);
  if (!config.ok()) return config.status();
  if (options.context_length < 0 || options.context_length > config->context_length) {
    return absl::InvalidArgumentError(absl::StrCat(options.path, ": context_length ",
                                                   options.context_length, " is outside 0 to ",
                                                   config->context_length, ", the model's own"));
  }
  const int64_t context =
      options.context_length == 0 ? config->context_length : options.context_length;
  return Plan{*std::move(file), *config, *dtype, context};
}

int64_t ParameterCount(const GgufFile& file) {
  int64_t count = 0;
  for (const GgufTensor& tensor : file.tensors()) count += tensor.ElementCount();
  return count;
}

std::string MainQuantization(const GgufFile& file) {
  std::map<GgmlType, int64_t> elements;
  for (const GgufTensor& tensor : file.tensors()) elements[tensor.type] += tensor.ElementCount();
  const auto most =
      std::max_element(elements.begin(), elements.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == elements.end() ? "" : GgmlTypeName(most->first);
}

// A template that is not read yet leaves the model usable for raw text; its error comes when it is
// needed.
absl::StatusOr<std::unique_ptr<ChatTemplate>> ReadChatTemplate(const GgufFile& file) {
  const absl::StatusOr<std::string> source = file.GetString(kChatTemplateKey);
  if (!source.ok()) return source.status();
  return ChatTemplate::Parse(*source);
}

class LlamaLanguageModel : public LanguageModel {
 public:
  LlamaLanguageModel(LoadedModelInfo info, int prefill_chunk, std::unique_ptr<Tokenizer> tokenizer,
                     absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template,
                     std::unique_ptr<Llama> llama)
      : info_(std::move(info)),
        prefill_chunk_(prefill_chunk),
        tokenizer_(std::move(tokenizer)),
        chat_template_(std::move(chat_template)),
        llama_(std::move(llama)) {}

  ~LlamaLanguageModel() override {
    llama_.reset();
    const absl::Status released = CatchTorch("freeing a model", [&]() -> absl::Status {
      ReleaseCachedMemory(at::Device(info_.device));
      return absl::OkStatus();
    });
    // A device that fails here has nothing left to free.
    released.IgnoreError();
  }

  const LoadedModelInfo& info() const override { return info_; }
  const Tokenizer& tokenizer() const override { return *tokenizer_; }

  absl::StatusOr<std::vector<TokenId>> Tokenize(const Prompt& prompt) const override {
    absl::StatusOr<std::vector<TokenId>> tokens = Encode(prompt);
    if (!tokens.ok()) return tokens.status();
    if (tokens->empty()) return absl::InvalidArgumentError("the prompt is empty");
    if (static_cast<int64_t>(tokens->size()) + 1 > info_.context_length) {
      return absl::InvalidArgumentError(
          absl::StrCat("the prompt has ", tokens->size(),
                       " tokens; with one new token it exceeds the context of ",
                       info_.context_length, " tokens; shorten the prompt"));
    }
    for (const TokenId token : prompt.tokens) {
      if (absl::Status valid = CheckToken(token); !valid.ok()) return valid;
    }
    return tokens;
  }

  absl::StatusOr<GenerationResult> Generate(const GenerationRequest& request,
                                            GenerationSink* sink) override {
    const absl::StatusOr<std::vector<TokenId>> prompt = Tokenize(request.prompt);
    if (!prompt.ok()) return prompt.status();
    return RunGeneration(request, *prompt, prefill_chunk_, *tokenizer_, *llama_, sink);
  }

  absl::StatusOr<std::vector<float>> Logits(absl::Span<const TokenId> tokens) override {
    if (tokens.empty() || tokens.size() > static_cast<size_t>(info_.context_length)) {
      return absl::InvalidArgumentError(absl::StrCat(tokens.size(), " tokens; there must be 1 to ",
                                                     info_.context_length, ", the context"));
    }
    for (const TokenId token : tokens) {
      if (absl::Status valid = CheckToken(token); !valid.ok()) return valid;
    }
    const auto chunk = static_cast<size_t>(prefill_chunk_);
    const auto vocab = static_cast<size_t>(llama_->vocab());
    std::vector<float> logits(tokens.size() * vocab);
    for (size_t done = 0; done < tokens.size(); done += chunk) {
      const absl::Span<const TokenId> part = tokens.subspan(done, chunk);
      absl::Status read =
          llama_->ReadLogits(part, static_cast<int>(done),
                             absl::MakeSpan(logits).subspan(done * vocab, part.size() * vocab));
      if (!read.ok()) return read;
    }
    return logits;
  }

 private:
  absl::Status CheckToken(TokenId token) const {
    if (token >= 0 && token < llama_->vocab()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("token ", token, " is outside the vocabulary of ", llama_->vocab()));
  }

  absl::StatusOr<std::vector<TokenId>> Encode(const Prompt& prompt) const {
    if (!prompt.tokens.empty()) return prompt.tokens;
    if (prompt.chat.empty() && prompt.text.empty()) {
      return absl::InvalidArgumentError("the prompt is empty");
    }
    if (prompt.chat.empty() && (prompt.raw || absl::IsNotFound(chat_template_.status()))) {
      return tokenizer_->Encode(prompt.text, {.parse_special = prompt.raw, .add_special = true});
    }
    return EncodeChat(prompt.chat.empty() ? std::vector<ChatTurn>{{"user", prompt.text}}
                                          : prompt.chat);
  }

  absl::StatusOr<std::vector<TokenId>> EncodeChat(std::vector<ChatTurn> turns) const {
    if (absl::IsNotFound(chat_template_.status())) {
      return absl::InvalidArgumentError(
          absl::StrCat("model ", info_.name, " has no chat template; send the prompt as text"));
    }
    if (!chat_template_.ok()) return chat_template_.status();
    const absl::StatusOr<std::string> text =
        (*chat_template_)
            ->Render({.messages = std::move(turns),
                      .add_generation_prompt = true,
                      .bos_token = std::string(tokenizer_->TokenBytes(tokenizer_->bos_id())),
                      .eos_token = std::string(tokenizer_->TokenBytes(tokenizer_->eos_id()))});
    if (!text.ok()) return text.status();
    return tokenizer_->Encode(*text, {.parse_special = true, .add_special = false});
  }

  const LoadedModelInfo info_;
  const int prefill_chunk_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  // NOT_FOUND: the model has none.
  const absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template_;
  std::unique_ptr<Llama> llama_;
};

absl::StatusOr<std::unique_ptr<Llama>> LoadLlama(const LoadOptions& options, const Plan& plan) {
  const c10::InferenceMode inference;
  const auto report = [&](std::string_view stage, double fraction) {
    if (options.progress) options.progress(stage, fraction);
  };
  const at::TensorOptions tensors =
      at::TensorOptions().dtype(plan.dtype).device(at::Device(options.device.name));
  WeightLoader loader(
      *plan.file,
      {.progress = [&](double f) { report("weights", kOpeningShare + f * kWeightsShare); },
       .cancelled = options.cancelled});
  absl::StatusOr<LlamaWeights> weights = LoadLlamaWeights(plan.config, loader, tensors);
  if (!weights.ok()) return weights.status();
  auto llama = std::make_unique<Llama>(plan.config, *std::move(weights), plan.context);
  report("warm-up", kOpeningShare + kWeightsShare);
  const TokenId any_token = 0;
  if (absl::Status warm = llama->Read({&any_token, 1}, 0); !warm.ok()) return warm;
  report("warm-up", 1.0);
  return llama;
}

absl::StatusOr<std::unique_ptr<LanguageModel>> LoadModel(const LoadOptions& options) {
  const absl::Time start = absl::Now();
  if (options.prefill_chunk < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("prefill_chunk is ", options.prefill_chunk, "; it must be at least 1"));
  }
  if (options.progress) options.progress("opening", 0.0);
  absl::StatusOr<Plan> plan = MakePlan(options);
  if (!plan.ok()) return plan.status();
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = MakeTokenizer(*plan->file);
  if (!tokenizer.ok()) return tokenizer.status();
  if ((*tokenizer)->vocab_size() > plan->config.vocab) {
    return absl::DataLossError(absl::StrCat(options.path, ": the tokenizer has ",
                                            (*tokenizer)->vocab_size(),
                                            " tokens, the embedding only ", plan->config.vocab));
  }
  absl::StatusOr<std::unique_ptr<ChatTemplate>> chat_template = ReadChatTemplate(*plan->file);
  absl::StatusOr<std::unique_ptr<Llama>> llama = LoadLlama(options, *plan);
  if (!llama.ok()) return llama.status();
  LoadedModelInfo info{
      .architecture = "llama",
      .name = plan->file->GetString("general.name").value_or(options.path),
      .parameter_count = ParameterCount(*plan->file),
      .context_length = static_cast<int>(plan->context),
      .vocab_size = static_cast<int>(plan->config.vocab),
      .device = options.device.name,
      .dtype = DtypeName(plan->dtype),
      .quantization = MainQuantization(*plan->file),
      .weight_bytes = (*llama)->weight_bytes(),
      .kv_cache_bytes = (*llama)->cache_bytes(),
      .load_time = absl::Now() - start,
      .has_chat_template = chat_template.ok(),
  };
  return std::make_unique<LlamaLanguageModel>(std::move(info), options.prefill_chunk,
                                              *std::move(tokenizer), std::move(chat_template),
                                              *std::move(llama));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LanguageModel>> LanguageModel::Load(const LoadOptions& options) {
  absl::StatusOr<std::unique_ptr<LanguageModel>> model =
      CatchTorch(absl::StrCat("loading ", options.path), [&] { return LoadModel(options); });
  if (model.ok()) return model;
  // What was read before the failure lies in the allocator's cache.
  const absl::Status released = CatchTorch("freeing a failed load", [&]() -> absl::Status {
    if (!options.device.name.empty()) ReleaseCachedMemory(at::Device(options.device.name));
    return absl::OkStatus();
  });
  released.IgnoreError();
  return model;
}

absl::StatusOr<int64_t> LanguageModel::EstimateBytes(const LoadOptions& options) {
  const absl::StatusOr<Plan> plan = MakePlan(options);
  if (!plan.ok()) return plan.status();
  const LlamaConfig& config = plan->config;
  const auto element = static_cast<int64_t>(at::elementSize(plan->dtype));
  const int64_t cache = 2 * config.layers * config.kv_rows() * plan->context;
  const int64_t rope_tables = 2 * config.rope_dim * plan->context;
  // Activations of a chunk, the vocabulary and its merges.
  const int64_t working =
      int64_t{4} * options.prefill_chunk * (config.hidden + config.feed_forward) + config.vocab;
  constexpr int64_t kTokenizerBytesPerToken = 256;
  return element * (ParameterCount(*plan->file) + cache + rope_tables + working) +
         kTokenizerBytesPerToken * config.vocab;
}

}  // namespace assay::engine
