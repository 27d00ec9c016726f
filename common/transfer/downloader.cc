#include "common/transfer/downloader.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::transfer {

Result<Downloader> Downloader::open(const RequestId& fetch, const std::string& sha256,
                                    const std::string& target, uint32_t mode) {
  Downloader downloader;
  downloader.fetch_ = fetch;
  downloader.sha256_ = sha256;
  downloader.target_ = target;
  downloader.partial_ = target + ".part";
  downloader.mode_ = mode;
  TRY(io::make_directories(io::parent_path(target)));
  downloader.file_ =
      io::Fd(::open(downloader.partial_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (downloader.file_.get() < 0) return system_error("create " + downloader.partial_, errno);
  const off_t end = ::lseek(downloader.file_.get(), 0, SEEK_END);
  if (end < 0) return system_error("seek " + downloader.partial_, errno);
  downloader.offset_ = static_cast<uint64_t>(end);
  return downloader;
}

wire::FetchBegin Downloader::begin() const { return {fetch_, sha256_, offset_, kFetchWindow}; }

Result<wire::FetchCredit> Downloader::data(const wire::FetchData& piece) {
  if (piece.offset != offset_) return corrupt(target_ + ": pieces arrived out of order");
  size_t written = 0;
  while (written < piece.bytes.size()) {
    const ssize_t put =
        ::write(file_.get(), piece.bytes.data() + written, piece.bytes.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("write " + partial_, errno);
    written += static_cast<size_t>(put);
  }
  offset_ += written;
  size_ = piece.size;
  complete_ = offset_ == size_;
  return wire::FetchCredit{fetch_, written};
}

Result<void> Downloader::finish(const CancelToken& cancel) {
  if (!complete_) return internal(target_ + ": the download is not complete");
  if (::fchmod(file_.get(), mode_ & 0777) != 0) return system_error("chmod " + partial_, errno);
  file_ = io::Fd();
  const std::string hex = TRY(io::digest_file(io::DigestKind::Sha256, partial_, cancel));
  if (hex != sha256_) {
    (void)io::remove_file(partial_);
    return corrupt(target_ + ": what arrived does not have the expected SHA-256");
  }
  if (::rename(partial_.c_str(), target_.c_str()) != 0) {
    return system_error("rename " + target_, errno);
  }
  return {};
}

}  // namespace farm::transfer
