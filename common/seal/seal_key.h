// SealKey: encrypts what must not lie on a disk in the clear (job specs with their secrets), with a
// key that lives in a file of its own: a copied store, a backup or a stolen disk image of the data
// alone gives nothing away. XChaCha20-Poly1305 of libsodium; every sealing takes a new nonce.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::seal {

class SealKey {
 public:
  /// Reads the key of `path`, or makes one there with mode 0600. Denied: others can read the file;
  /// Corrupt: it holds no key.
  static Result<SealKey> load_or_create(const std::string& path);
  /// NotFound: no such file.
  static Result<SealKey> load(const std::string& path);
  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) noexcept;
  ~SealKey();

  /// `context` says what the bytes are (a record's key): what is sealed for one opens for no other.
  std::string seal(std::string_view plain, std::string_view context) const;
  /// Corrupt: not sealed by this key for this context, or damaged.
  Result<std::string> open(std::string_view sealed, std::string_view context) const;
  /// Whether the bytes carry the mark of seal().
  static bool is_sealed(std::string_view bytes);

 private:
  struct Memory;  // locked, kept out of core dumps, wiped
  explicit SealKey(std::unique_ptr<Memory> memory);
  std::unique_ptr<Memory> memory_;
};

}  // namespace farm::seal
