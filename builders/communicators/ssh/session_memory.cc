#include "builders/communicators/ssh/session_memory.h"

#include <libssh2.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {
namespace {

// RFC 4252 section 7: message number, four length-prefixed strings before the key blob and its
// length, and the flag: 1 + 4 user + 4+14 "ssh-connection" + 4+9 "publickey" + 1 + 4 + 4.
constexpr size_t kFixedPart = 45;

/// Whether libssh2 itself leaves "-cert-v01@openssh.com" out of the signature: 1.10 for ECDSA,
/// later releases for every kind.
bool library_strips_certificate(std::string_view algorithm) {
  constexpr int kVersion1_11 = 0x010b00;
  return libssh2_version(kVersion1_11) != nullptr || algorithm.starts_with("ecdsa-");
}

}  // namespace

PublicKeyRequest::PublicKeyRequest(const std::string& user, std::string algorithm,
                                   std::string signature_algorithm, std::string key_blob)
    : algorithm_(std::move(algorithm)),
      signature_algorithm_(std::move(signature_algorithm)),
      blob_(std::move(key_blob)),
      unsigned_size_(kFixedPart + user.size() + algorithm_.size() + blob_.size()),
      library_knows_(library_strips_certificate(algorithm_)) {
  const std::string shown = WireWriter().string(algorithm_).bytes();
  true_prefix_ = blob_.substr(0, shown.size());
  blob_.replace(0, true_prefix_.size(), shown, 0, true_prefix_.size());
}

std::string PublicKeyRequest::signature_placeholder(const std::string& signature) {
  signature_ = signature;
  if (!differs()) return signature;
  // libssh2 writes string(algorithm) string(placeholder); string(signature algorithm)
  // string(signature) has to fit there exactly. A certificate's name is the longer one, and every
  // signature is longer than the difference.
  const size_t right = signature_algorithm_.size() + signature.size();
  placeholder_size_ = right > algorithm_.size() ? right - algorithm_.size() : 0;
  return std::string(placeholder_size_, '\0');
}

void PublicKeyRequest::allocated(void* memory, size_t size) {
  if (packet_ || size < unsigned_size_ || size > 2 * unsigned_size_ + 64) return;
  packet_ = static_cast<unsigned char*>(memory);
  blob_.replace(0, true_prefix_.size(), true_prefix_);
}

void PublicKeyRequest::released(void* memory) {
  if (memory == nullptr) return;
  if (memory == placeholder_) {
    placeholder_ = nullptr;
    complete_packet();
  }
  if (memory == packet_) packet_ = nullptr;
}

void PublicKeyRequest::complete_packet() {
  if (!differs()) return;
  const std::string inner = WireWriter().string(signature_algorithm_).string(signature_).bytes();
  const std::string written = WireWriter()
                                  .u32(static_cast<uint32_t>(inner.size()))
                                  .string(algorithm_)
                                  .string(std::string(placeholder_size_, '\0'))
                                  .bytes();
  if (!packet_ || std::memcmp(packet_ + unsigned_size_, written.data(), written.size()) != 0) {
    failed_ = true;
    return;
  }
  std::memcpy(packet_ + unsigned_size_ + 4, inner.data(), inner.size());
}

void* SessionMemory::allocate(size_t size) {
  void* const memory = std::malloc(size);
  if (memory && request_) request_->allocated(memory, size);
  return memory;
}

void* SessionMemory::reallocate(void* memory, size_t size) {
  const bool packet = request_ && request_->holds(memory);
  void* const moved = std::realloc(memory, size);
  if (moved && packet) request_->moved_to(moved);
  return moved;
}

void SessionMemory::inspect(const void* memory) {
  // RFC 4254: every message begins with its type and the channel's number here. Sections 5.1
  // (a confirmation is 17 bytes) and 6.10 (then comes the request's name).
  constexpr unsigned char kConfirmation = 91;
  constexpr unsigned char kRequest = 98;
  constexpr size_t kConfirmationSize = 17;
  constexpr std::string_view kName(
      "\0\0\0\x0b"
      "exit-status",
      15);
  constexpr size_t kNameAt = 5;
  const auto* bytes = static_cast<const unsigned char*>(memory);
  if (bytes[0] != kConfirmation && bytes[0] != kRequest) return;
  const size_t size = ::malloc_usable_size(const_cast<void*>(memory));
  if (size < std::max(kConfirmationSize, kNameAt + kName.size())) return;
  const std::string_view message(static_cast<const char*>(memory), kNameAt);
  const uint32_t channel = WireReader(message.substr(1)).u32();
  if (bytes[0] == kConfirmation) last_confirmed_ = channel;
  if (bytes[0] == kRequest && std::memcmp(bytes + kNameAt, kName.data(), kName.size()) == 0) {
    exit_statuses_.insert(channel);
  }
}

void SessionMemory::release(void* memory) {
  if (!memory) return;
  inspect(memory);
  if (request_) request_->released(memory);
  std::free(memory);
}

}  // namespace farm::builders::ssh
