// ZipWriter: a zip archive whose members are deflated on all processors. Zip64 where sizes ask for
// it (PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3); names are UTF-8.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "builders/steps/archive/deflate_stream.h"
#include "common/io/fd.h"

namespace farm::builders::archive {

class ZipWriter {
 public:
  /// `file`: open for writing from its start, seekable; must outlive the writer.
  ZipWriter(io::Fd& file, int level) : file_(file), level_(level) {}

  /// Begins a member; `size` is its size before compression.
  Result<void> begin(const std::string& name, uint64_t size, uint32_t mode, std::time_t time);
  Result<void> write(std::string_view bytes);
  Result<void> end();
  /// Writes the directory.
  Result<void> finish();

 private:
  struct Entry {
    std::string name;
    uint64_t offset = 0;
    uint64_t size = 0;
    uint64_t packed = 0;
    uint32_t checksum = 0;
    uint32_t mode = 0;
    uint32_t dos_time = 0;
    bool large = false;  // has 64-bit sizes in its local header
  };
  static std::string local_header(const Entry& entry);
  static std::string directory_header(const Entry& entry);
  Result<void> put(std::string_view bytes);

  io::Fd& file_;
  int level_;
  uint64_t at_ = 0;
  std::vector<Entry> entries_;
  std::unique_ptr<DeflateStream> body_;
};

}  // namespace farm::builders::archive
