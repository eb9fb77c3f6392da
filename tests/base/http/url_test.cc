// Tests of URL origins, redirects and secrets.
#include "base/http/url.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::http {
namespace {

TEST(UrlTest, OriginsIgnoreCaseAndTheDefaultPort) {
  EXPECT_EQ(OriginOf("https://HuggingFace.co/a").value(),
            OriginOf("https://huggingface.co:443/b?c").value());
}

TEST(UrlTest, OriginsDifferBySchemeHostAndPort) {
  const Origin hub = OriginOf("https://huggingface.co").value();
  for (const char* other :
       {"http://huggingface.co", "https://cdn.huggingface.co", "https://huggingface.co:8443",
        "https://huggingface.co.evil.example", "https://huggingface.co@evil.example"}) {
    EXPECT_NE(OriginOf(other).value(), hub) << other;
  }
}

TEST(UrlTest, OnlyHttpUrlsHaveAnOrigin) {
  for (const char* other : {"", "huggingface.co", "file:///etc/passwd", "ftp://a/b", "https://"}) {
    EXPECT_FALSE(OriginOf(other).ok()) << other;
  }
}

TEST(UrlTest, RedirectsAreResolved) {
  const std::string base = "https://hub.example/a/b?x=1";
  EXPECT_EQ(ResolveRedirect(base, "/c?y=2").value(), "https://hub.example/c?y=2");
  EXPECT_EQ(ResolveRedirect(base, "d").value(), "https://hub.example/a/d");
  EXPECT_EQ(ResolveRedirect(base, "//cdn.example/e").value(), "https://cdn.example/e");
  EXPECT_EQ(ResolveRedirect(base, "http://cdn.example/f").value(), "http://cdn.example/f");
  for (const char* bad : {"", "file:///etc/passwd", "gopher://a/"}) {
    EXPECT_FALSE(ResolveRedirect(base, bad).ok()) << bad;
  }
}

TEST(UrlTest, RemovesSecrets) {
  const std::string url = "https://ada:pw@cdn.example/f?Signature=s#t";
  EXPECT_EQ(WithoutCredentials(url), "https://cdn.example/f?Signature=s#t");
  EXPECT_EQ(WithoutSecrets(url), "https://cdn.example/f");
  EXPECT_EQ(WithoutSecrets("::"), "(malformed URL)");
}

}  // namespace
}  // namespace assay::http
