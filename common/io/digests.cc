#include "common/io/digests.h"

#include <array>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <vector>

#include "common/io/fd.h"

namespace farm::io {
namespace {

struct KindRow {
  DigestKind kind;
  const char* name;
  size_t hex_length;
};
constexpr std::array<KindRow, 6> kKinds{{{DigestKind::Md5, "md5", 32},
                                         {DigestKind::Sha1, "sha1", 40},
                                         {DigestKind::Sha224, "sha224", 56},
                                         {DigestKind::Sha256, "sha256", 64},
                                         {DigestKind::Sha384, "sha384", 96},
                                         {DigestKind::Sha512, "sha512", 128}}};

const EVP_MD* evp_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::Md5: return EVP_md5();
    case DigestKind::Sha1: return EVP_sha1();
    case DigestKind::Sha224: return EVP_sha224();
    case DigestKind::Sha256: return EVP_sha256();
    case DigestKind::Sha384: return EVP_sha384();
    case DigestKind::Sha512: return EVP_sha512();
  }
  return EVP_sha256();
}

struct EvpFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

const char* digest_name(DigestKind kind) {
  for (const KindRow& row : kKinds) {
    if (row.kind == kind) return row.name;
  }
  return "";
}

std::optional<DigestKind> digest_from_name(std::string_view name) {
  std::string lower;
  for (const char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const KindRow& row : kKinds) {
    if (lower == row.name) return row.kind;
  }
  return std::nullopt;
}

std::optional<DigestKind> digest_from_hex_length(size_t length) {
  for (const KindRow& row : kKinds) {
    if (row.hex_length == length) return row.kind;
  }
  return std::nullopt;
}

struct Digest::Context {
  std::unique_ptr<EVP_MD_CTX, EvpFree> evp{EVP_MD_CTX_new()};
};

Digest::Digest(DigestKind kind) : context_(std::make_unique<Context>()) {
  FARM_CHECK(context_->evp != nullptr);
  FARM_CHECK(EVP_DigestInit_ex(context_->evp.get(), evp_of(kind), nullptr) == 1);
}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(std::string_view bytes) {
  FARM_CHECK(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) == 1);
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int length = 0;
  FARM_CHECK(EVP_DigestFinal_ex(context_->evp.get(), out.data(), &length) == 1);
  return {out.begin(), out.begin() + length};
}

std::string Digest::finish_hex() { return hex_text(finish()); }

std::string digest_hex(DigestKind kind, std::string_view bytes) {
  Digest digest(kind);
  digest.update(bytes);
  return digest.finish_hex();
}

std::string hex_text(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<std::string> digest_file(DigestKind kind, const std::string& path,
                                const CancelToken& cancel, const DigestProgress& progress) {
  const Fd file = TRY(open_file(path, O_RDONLY));
  struct stat info {};
  const uint64_t total =
      ::fstat(file.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  Digest digest(kind);
  std::vector<char> buffer(1 << 20);
  uint64_t done = 0;
  while (true) {
    TRY(cancel.check());
    const Result<size_t> got = read_some(file.get(), buffer.data(), buffer.size());
    if (!got) return got.error().within(path);
    if (*got == 0) break;
    digest.update({buffer.data(), *got});
    done += *got;
    if (progress) progress(done, total);
  }
  return digest.finish_hex();
}

}  // namespace farm::io
