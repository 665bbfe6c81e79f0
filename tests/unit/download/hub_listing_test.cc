// SPDX-License-Identifier: Apache-2.0
#include "download/hub_listing.h"

#include <gtest/gtest.h>

#include <string>

#include "download/address.h"

namespace sterna::download {
namespace {

const std::string kCommit(40, 'a');
const std::string kSum(64, 'b');

std::string Listing(const std::string& siblings) {
  return R"({"sha":")" + kCommit + R"(","siblings":[)" + siblings + "]}";
}

TEST(HubListing, KeepsModelFilesWithSizeAndChecksum) {
  const auto listing = ParseListing(Listing(R"({"rfilename":"README.md"},
      {"rfilename":"a.gguf","size":7,"lfs":{"sha256":")" +
                                            kSum + R"(","size":7}},
      {"rfilename":"b.gguf","lfs":{"size":9}},{"rfilename":"c.gguf","size":-1,"lfs":null},
      {"rfilename":"../d.gguf"},{"rfilename":5},7)"));
  ASSERT_TRUE(listing.ok()) << listing.status().message();
  ASSERT_EQ(3u, listing->files.size());
  EXPECT_EQ("a.gguf", listing->files[0].name);
  EXPECT_EQ(7u, listing->files[0].bytes);
  EXPECT_EQ(kSum, listing->files[0].sha256);
  EXPECT_EQ(9u, listing->files[1].bytes);
  EXPECT_EQ("", listing->files[1].sha256);
  EXPECT_EQ(0u, listing->files[2].bytes);
  EXPECT_EQ(std::vector<std::string>{"../d.gguf"}, listing->refused);
  EXPECT_EQ(kCommit, listing->commit);
}

TEST(HubListing, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("null"), std::string("{"), std::string(R"({"siblings":[]})"),
        std::string(R"({"siblings":[],"sha":"../x"})"), std::string(R"({"siblings":{},"sha":")") + kCommit + "\"}",
        Listing(R"({"rfilename":"a.gguf","lfs":{"sha256":"XYZ"}})"),
        Listing(R"({"rfilename":"a.gguf","size":9999999999999999})"),
        Listing(std::string(17, '[') + std::string(17, ']')), Listing(std::string(1 << 20, '['))}) {
    EXPECT_EQ(StatusCode::kCorrupt, ParseListing(text).status().code()) << text.substr(0, 80);
  }
}

TEST(Address, AnOriginIsSchemeHostAndPort) {
  EXPECT_EQ(Address::Parse("https://h/a")->origin, Address::Parse("https://h:443/b?c")->origin);
  EXPECT_EQ(Address::Parse("https://h/a")->origin, Address::Parse("https://h/a")->Follow("/b")->origin);
  for (const char* other : {"http://h/a", "https://h:444/a", "https://h.x/a", "https://x.h/a"}) {
    EXPECT_NE(Address::Parse("https://h/a")->origin, Address::Parse(other)->origin) << other;
  }
  for (const char* none : {"", "h", "ftp://h/a", "file:///a", "https://u@h/a", "https://u:p@h/a"}) {
    EXPECT_FALSE(Address::Parse(none).ok()) << none;
  }
}

TEST(Address, RedirectsLeadToWebAddressesAndNeverOutOfEncryption) {
  const Address from = *Address::Parse("https://h/a/b");
  EXPECT_EQ("https://h/a/c", from.Follow("c")->url);
  EXPECT_EQ("https://x/y", from.Follow("//x/y")->url);
  EXPECT_FALSE(from.Follow("http://h/a").ok());
  EXPECT_FALSE(from.Follow("file:///a").ok());
  EXPECT_FALSE(from.Follow("https://u:p@h/a").ok());
  EXPECT_TRUE(Address::Parse("http://h/a")->Follow("https://h/a").ok());
}

}  // namespace
}  // namespace sterna::download
