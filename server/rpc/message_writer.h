// Where the handler of a streaming call writes.
#ifndef ASSAY_SERVER_RPC_MESSAGE_WRITER_H_
#define ASSAY_SERVER_RPC_MESSAGE_WRITER_H_

namespace assay::server {

// Thread-safe.
template <typename Message>
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;

  // Queues the message, and blocks while many bytes wait for the reader. Returns false if the
  // caller has gone.
  virtual bool Write(Message message) = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_MESSAGE_WRITER_H_
