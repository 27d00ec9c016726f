#include "builders/steps/archive/zip_writer.h"

#include <cerrno>
#include <unistd.h>

namespace farm::builders::archive {
namespace {

constexpr uint32_t kAllOnes = 0xffffffff;
// Deflate may make a member a little larger; from here on sizes have 64 bits.
constexpr uint64_t kLargeFrom = 0xf0000000;
constexpr uint16_t kVersionLarge = 45;
constexpr uint16_t kVersionDeflate = 20;
constexpr uint16_t kMadeOnUnix = 3 << 8;
constexpr uint16_t kNamesAreUtf8 = 0x0800;
constexpr uint16_t kDeflated = 8;

void put_le(std::string& out, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

uint32_t dos_time(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  if (parts.tm_year < 80) return 0x00210000;  // 1980-01-01, the first that can be said
  const auto field = [](int number, int shift) { return static_cast<uint32_t>(number) << shift; };
  return field(parts.tm_year - 80, 25) | field(parts.tm_mon + 1, 21) | field(parts.tm_mday, 16) |
         field(parts.tm_hour, 11) | field(parts.tm_min, 5) | field(parts.tm_sec / 2, 0);
}

}  // namespace

std::string ZipWriter::local_header(const Entry& entry) {
  std::string out("PK\x03\x04", 4);
  put_le(out, entry.large ? kVersionLarge : kVersionDeflate, 2);
  put_le(out, kNamesAreUtf8, 2);
  put_le(out, kDeflated, 2);
  put_le(out, entry.dos_time, 4);
  put_le(out, entry.checksum, 4);
  put_le(out, entry.large ? kAllOnes : entry.packed, 4);
  put_le(out, entry.large ? kAllOnes : entry.size, 4);
  put_le(out, entry.name.size(), 2);
  put_le(out, entry.large ? 20 : 0, 2);
  out += entry.name;
  if (entry.large) {
    put_le(out, 1, 2);
    put_le(out, 16, 2);
    put_le(out, entry.size, 8);
    put_le(out, entry.packed, 8);
  }
  return out;
}

std::string ZipWriter::directory_header(const Entry& entry) {
  const bool far = entry.offset >= kAllOnes;
  const bool extra = entry.large || far;
  std::string more;
  if (entry.large) {
    put_le(more, entry.size, 8);
    put_le(more, entry.packed, 8);
  }
  if (far) put_le(more, entry.offset, 8);
  std::string out("PK\x01\x02", 4);
  put_le(out, kMadeOnUnix | kVersionLarge, 2);
  put_le(out, extra ? kVersionLarge : kVersionDeflate, 2);
  put_le(out, kNamesAreUtf8, 2);
  put_le(out, kDeflated, 2);
  put_le(out, entry.dos_time, 4);
  put_le(out, entry.checksum, 4);
  put_le(out, entry.large ? kAllOnes : entry.packed, 4);
  put_le(out, entry.large ? kAllOnes : entry.size, 4);
  put_le(out, entry.name.size(), 2);
  put_le(out, extra ? more.size() + 4 : 0, 2);
  put_le(out, 0, 2);  // comment
  put_le(out, 0, 2);  // disk
  put_le(out, 0, 2);  // internal attributes
  put_le(out, static_cast<uint64_t>(entry.mode) << 16, 4);
  put_le(out, far ? kAllOnes : entry.offset, 4);
  out += entry.name;
  if (extra) {
    put_le(out, 1, 2);
    put_le(out, more.size(), 2);
    out += more;
  }
  return out;
}

Result<void> ZipWriter::put(std::string_view bytes) {
  at_ += bytes.size();
  return io::write_all(file_.get(), bytes);
}

Result<void> ZipWriter::begin(const std::string& name, uint64_t size, uint32_t mode,
                              std::time_t time) {
  if (name.size() > 0xffff) return invalid_input("zip: a name is longer than 64 KiB");
  Entry entry;
  entry.name = name;
  entry.offset = at_;
  entry.mode = mode;
  entry.dos_time = dos_time(time);
  entry.large = size >= kLargeFrom;
  TRY(put(local_header(entry)));
  entries_.push_back(std::move(entry));
  body_ = std::make_unique<DeflateStream>(level_,
                                          [this](std::string_view bytes) { return put(bytes); });
  return {};
}

Result<void> ZipWriter::write(std::string_view bytes) {
  return body_->write(bytes);
}

Result<void> ZipWriter::end() {
  Entry& entry = entries_.back();
  TRY(body_->finish());
  entry.checksum = body_->checksum();
  entry.size = body_->size();
  entry.packed = at_ - entry.offset - local_header(entry).size();
  body_.reset();
  if (!entry.large && (entry.size >= kAllOnes || entry.packed >= kAllOnes)) {
    return invalid_input("zip: " + entry.name + " grew while it was read");
  }
  // What was not known before the content.
  const std::string header = local_header(entry);
  const ssize_t put_back =
      ::pwrite(file_.get(), header.data(), header.size(), static_cast<off_t>(entry.offset));
  if (put_back != static_cast<ssize_t>(header.size())) return system_error("write zip", errno);
  return {};
}

Result<void> ZipWriter::finish() {
  const uint64_t start = at_;
  for (const Entry& entry : entries_) TRY(put(directory_header(entry)));
  const uint64_t size = at_ - start;
  const uint64_t count = entries_.size();
  const bool large = start >= kAllOnes || size >= kAllOnes || count >= 0xffff;
  std::string out;
  if (large) {
    const uint64_t end64 = at_;
    out.append("PK\x06\x06", 4);
    put_le(out, 44, 8);
    put_le(out, kMadeOnUnix | kVersionLarge, 2);
    put_le(out, kVersionLarge, 2);
    put_le(out, 0, 8);  // disks
    put_le(out, count, 8);
    put_le(out, count, 8);
    put_le(out, size, 8);
    put_le(out, start, 8);
    out.append("PK\x06\x07", 4);
    put_le(out, 0, 4);
    put_le(out, end64, 8);
    put_le(out, 1, 4);
  }
  out.append("PK\x05\x06", 4);
  put_le(out, 0, 4);  // disks
  put_le(out, large ? 0xffff : count, 2);
  put_le(out, large ? 0xffff : count, 2);
  put_le(out, large ? kAllOnes : size, 4);
  put_le(out, large ? kAllOnes : start, 4);
  put_le(out, 0, 2);  // comment
  return put(out);
}

}  // namespace farm::builders::archive
