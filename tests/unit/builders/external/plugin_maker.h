// PluginMaker: a folder of small shell plugins, signed by a key of the test.
#pragma once

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <string>

#include "builders/external/catalog/plugin_folder.h"
#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::builders::external {

inline std::string base64(const unsigned char* bytes, size_t size) {
  std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

class PluginMaker {
 public:
  explicit PluginMaker(const std::string& folder) : folder_(folder) {
    EXPECT_GE(sodium_init(), 0);
    crypto_sign_keypair(public_key_.data(), secret_key_.data());
    EXPECT_TRUE(io::make_directories(folder_ + "/plugins").has_value());
  }

  std::string path(const std::string& name) const { return folder_ + "/plugins/" + name; }
  std::string public_key() const { return base64(public_key_.data(), public_key_.size()); }
  PluginFolder folder() const { return {folder_ + "/plugins", {public_key()}, folder_ + "/store"}; }

  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(io::write_file(path(name), text, 0755).has_value());
  }
  void sign(const std::string& name) const {
    io::Digest digest(io::DigestKind::Sha256);
    digest.update(*io::read_file(path(name)));
    const std::string bytes = digest.finish();
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr,
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                         secret_key_.data());
    ASSERT_TRUE(io::write_file(path(name) + ".sig", base64(signature.data(), signature.size()))
                    .has_value());
  }
  /// A plugin whose description has `tables` (JSON, without the brackets) and that runs `serve`.
  void make(const std::string& name, const std::string& tables, const std::string& serve,
            const std::string& more = {}) const {
    write(name, "#!/bin/sh\nif [ \"$1\" = describe ]; then cat <<'END'\n{\"protocol\": 1," + more +
                    " \"components\": [" + tables + "]}\nEND\nexit 0\nfi\n" + serve + "\n");
    sign(name);
  }
  /// The same with one provisioner of the plugin's name.
  void provisioner(const std::string& name, const std::string& serve,
                   const std::string& more = {}) const {
    make(name, "{\"component\": \"" + name + "\", \"kind\": \"provisioner\", \"options\": []}",
         serve, more);
  }

 private:
  std::string folder_;
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key_{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key_{};
};

}  // namespace farm::builders::external
