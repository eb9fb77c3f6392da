// Converts the messages of assay.v1.InferenceService to the server's own types and back.
#ifndef ASSAY_SERVER_WIRE_INFERENCE_PROTO_H_
#define ASSAY_SERVER_WIRE_INFERENCE_PROTO_H_

#include "assay/v1/inference.pb.h"
#include "server/serving/generation_types.h"
#include "server/serving/likelihood.h"

namespace assay::server {

// Copies the fields; the services check them.
GenerateCall ToCall(const assay::v1::GenerateRequest& request);
LikelihoodCall ToCall(const assay::v1::LikelihoodRequest& request);

void ToProto(const GenerateResult& result, assay::v1::GenerateResponse* out);
void ToProto(const TextDelta& delta, assay::v1::GenerateStreamResponse::TextDelta* out);
void ToProto(const LikelihoodResult& result, assay::v1::LikelihoodResponse* out);

}  // namespace assay::server

#endif  // ASSAY_SERVER_WIRE_INFERENCE_PROTO_H_
