// The functions that return the supported architectures, which architecture.cc lists.
#ifndef ASSAY_ENGINE_ARCHITECTURES_KNOWN_ARCHITECTURES_H_
#define ASSAY_ENGINE_ARCHITECTURES_KNOWN_ARCHITECTURES_H_

#include "engine/architectures/architecture.h"

namespace assay::engine {

Architecture Llama();
Architecture Mistral();
Architecture Qwen2();
Architecture Qwen3();
Architecture Gemma2();
Architecture Gemma3();
Architecture Phi2();
Architecture Phi3();
Architecture Bloom();
Architecture Gpt2();
Architecture Opt();
Architecture GptNeoX();
Architecture GptNeo();
Architecture StableLm();
Architecture SmolLm3();
Architecture Falcon();
Architecture Bert();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_KNOWN_ARCHITECTURES_H_
