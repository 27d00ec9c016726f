// Digest: streaming message digests (MD5 to SHA-512) over OpenSSL's EVP interface. Used for image
// checksums, artifact files and post-processors; nothing here is meant for passwords.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::io {

enum class DigestKind { Md5, Sha1, Sha224, Sha256, Sha384, Sha512 };

/// "md5", "sha1", "sha224", "sha256", "sha384", "sha512".
const char* digest_name(DigestKind kind);
/// Inverse of digest_name, any case; empty when `name` is none.
std::optional<DigestKind> digest_from_name(std::string_view name);
/// The kind whose hexadecimal text has `length` characters (32 is MD5 ... 128 is SHA-512).
std::optional<DigestKind> digest_from_hex_length(size_t length);

class Digest {
 public:
  explicit Digest(DigestKind kind);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  void update(std::string_view bytes);
  /// The raw digest; the object is spent afterwards.
  std::string finish();
  /// The digest in lower-case hexadecimal; the object is spent afterwards.
  std::string finish_hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string digest_hex(DigestKind kind, std::string_view bytes);
/// Lower-case hexadecimal of any bytes.
std::string hex_text(std::string_view bytes);

using DigestProgress = std::function<void(uint64_t done, uint64_t total)>;
/// Hex digest of a file's content. `progress` may be empty.
Result<std::string> digest_file(DigestKind kind, const std::string& path,
                                const CancelToken& cancel = {},
                                const DigestProgress& progress = {});

}  // namespace farm::io
