// Tests the compression of responses.
#include "server/http/gzip.h"

#include <zlib.h>

#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

// Decompresses gzip by zlib's own reader.
std::string Decompress(const std::string& bytes, size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string text(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(GzipTest, ReadsAcceptEncoding) {
  for (const char* value : {"gzip", "deflate, gzip", "GZIP;q=0.5", "br;q=1.0, gzip ; q=0.1"}) {
    EXPECT_TRUE(AcceptsGzip(value)) << value;
  }
  for (const char* value : {"", "identity", "gzip;q=0", "gzip;q=0.000", "gzipped", "*", "gzip;x"}) {
    EXPECT_FALSE(AcceptsGzip(value)) << value;
  }
}

TEST(GzipTest, CompressesLargeBodiesForThoseWhoAccept) {
  std::string body;
  for (int i = 0; i < 5000; ++i) body += std::to_string(i) + " requests\n";
  const HttpRequest accepts{.headers = {{.name = "accept-encoding", .value = "gzip"}}};
  HttpResponse large{.body = body};
  CompressFor(accepts, &large);
  EXPECT_LT(large.body.size(), body.size() / 2);
  EXPECT_EQ(Decompress(large.body, body.size()), body);
  HttpResponse plain{.body = body};
  CompressFor({}, &plain);
  EXPECT_EQ(plain.body, body);
  HttpResponse small{.body = "small"};
  CompressFor(accepts, &small);
  EXPECT_EQ(small.body, "small");
}

}  // namespace
}  // namespace assay::server
