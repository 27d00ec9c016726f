#include "common/seal/seal_key.h"

#include <cstring>
#include <sodium.h>
#include <sys/stat.h>

#include "common/io/files.h"

namespace farm::seal {
namespace {

constexpr std::string_view kMark = "FSL1";
constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

struct SealKey::Memory {
  Memory() {
    FARM_CHECK(sodium_init() >= 0);
    bytes = static_cast<unsigned char*>(sodium_malloc(kKeyBytes));
    FARM_CHECK(bytes != nullptr);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { sodium_free(bytes); }
  unsigned char* bytes;
};

SealKey::SealKey(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
SealKey::SealKey(SealKey&&) noexcept = default;
SealKey& SealKey::operator=(SealKey&&) noexcept = default;
SealKey::~SealKey() = default;

Result<SealKey> SealKey::load(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return not_found("no key file " + path);
  if ((info.st_mode & 077) != 0) {
    return denied("others can read the key " + path + "; fix: chmod 600 " + path);
  }
  std::string text = TRY(io::read_file(path, 4096));
  if (text.size() != kKeyBytes) return corrupt(path + " holds no key of this program");
  auto memory = std::make_unique<Memory>();
  std::memcpy(memory->bytes, text.data(), kKeyBytes);
  sodium_memzero(text.data(), text.size());
  return SealKey(std::move(memory));
}

Result<SealKey> SealKey::load_or_create(const std::string& path) {
  if (io::exists(path)) return load(path);
  FARM_CHECK(sodium_init() >= 0);
  std::string text(kKeyBytes, '\0');
  randombytes_buf(text.data(), text.size());
  const Result<void> written = io::write_file_atomic(path, text, 0600);
  sodium_memzero(text.data(), text.size());
  TRY(written);
  return load(path);
}

bool SealKey::is_sealed(std::string_view bytes) { return bytes.starts_with(kMark); }

std::string SealKey::seal(std::string_view plain, std::string_view context) const {
  std::string out(kMark);
  out.resize(kMark.size() + kNonceBytes + plain.size() + kTagBytes);
  unsigned char* nonce = bytes_of(out) + kMark.size();
  randombytes_buf(nonce, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, nullptr, bytes_of(plain),
                                             plain.size(), bytes_of(context), context.size(),
                                             nullptr, nonce, memory_->bytes);
  return out;
}

Result<std::string> SealKey::open(std::string_view sealed, std::string_view context) const {
  const size_t head = kMark.size() + kNonceBytes;
  if (!is_sealed(sealed) || sealed.size() < head + kTagBytes) {
    return corrupt("the bytes are not sealed");
  }
  std::string plain(sealed.size() - head - kTagBytes, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(plain), nullptr, nullptr, bytes_of(sealed) + head, sealed.size() - head,
      bytes_of(context), context.size(), bytes_of(sealed) + kMark.size(), memory_->bytes);
  if (opened != 0) return corrupt("the sealed bytes do not open with this key");
  return plain;
}

}  // namespace farm::seal
