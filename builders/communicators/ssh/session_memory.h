// SessionMemory: the allocator of one libssh2 session. libssh2 1.10 takes the name of the signature
// algorithm from the key blob and repeats it inside the signature, so it can say neither
// "rsa-sha2-512 over an ssh-rsa key" nor anything about certificates. The request is built in
// memory that this allocator hands out; while a PublicKeyRequest is armed, the right bytes are put
// there. Used on the session's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace farm::builders::ssh {

/// One publickey authentication. libssh2 is given blob(), whose first string is the request's
/// algorithm; once it has read that, the blob's own first bytes are put back, before they are
/// copied into the packet.
class PublicKeyRequest {
 public:
  /// `algorithm` goes into the request, `signature_algorithm` into the signature.
  PublicKeyRequest(const std::string& user, std::string algorithm, std::string signature_algorithm,
                   std::string key_blob);

  const unsigned char* blob() const { return reinterpret_cast<const unsigned char*>(blob_.data()); }
  size_t blob_size() const { return blob_.size(); }
  /// The bytes to hand to libssh2 as "signature": padded or cut to the length that makes its
  /// packet as long as the right one.
  std::string signature_placeholder(const std::string& signature);
  /// Where libssh2 put the placeholder; its release means that the packet is complete.
  void expect_release(void* placeholder) { placeholder_ = placeholder; }
  /// Whether the packet could not be completed (a library with another layout).
  bool failed() const { return failed_; }

  void allocated(void* memory, size_t size);
  /// Whether `memory` is the packet being built.
  bool holds(const void* memory) const { return memory && memory == packet_; }
  void moved_to(void* memory) { packet_ = static_cast<unsigned char*>(memory); }
  void released(void* memory);

 private:
  void complete_packet();
  /// Whether the signature has to be written over.
  bool differs() const { return signature_algorithm_ != algorithm_ && !library_knows_; }

  std::string algorithm_;
  std::string signature_algorithm_;
  std::string true_prefix_;
  std::string blob_;
  std::string signature_;
  size_t unsigned_size_;  // of the packet up to and including the key blob
  size_t placeholder_size_ = 0;
  unsigned char* packet_ = nullptr;
  void* placeholder_ = nullptr;
  bool library_knows_;
  bool failed_ = false;
};

class SessionMemory {
 public:
  void* allocate(size_t size);
  void* reallocate(void* memory, size_t size);
  void release(void* memory);
  /// Null disarms. The request must outlive its being armed.
  void arm(PublicKeyRequest* request) { request_ = request; }
  /// libssh2 reports status 0 for a command whose status never came. Its packets pass through here
  /// when they are released, and show for which channels one did.
  void forget_exit_status(uint32_t channel) { exit_statuses_.erase(channel); }
  bool exit_status_seen(uint32_t channel) const { return exit_statuses_.count(channel) != 0; }
  /// Our number of the channel that the server confirmed last; libssh2 tells it nowhere.
  uint32_t last_confirmed() const { return last_confirmed_; }

 private:
  void inspect(const void* memory);

  PublicKeyRequest* request_ = nullptr;
  std::set<uint32_t> exit_statuses_;
  uint32_t last_confirmed_ = 0;
};

}  // namespace farm::builders::ssh
