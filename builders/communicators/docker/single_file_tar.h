// One file as a tar stream, the form in which `docker cp` takes and gives it: the file is read or
// written as the stream goes by, never kept whole.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "builders/core/communicator.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::docker {

/// An archive with one regular file, pulled piece by piece.
class SingleFileTar {
 public:
  /// The local file `path` as `name`; owner and time are its own. `mode` 0: its own too.
  static Result<SingleFileTar> of_file(const std::string& path, const std::string& name,
                                       uint32_t mode, ProgressSink progress);
  /// `bytes` must outlive the archive.
  static Result<SingleFileTar> of_bytes(std::string_view bytes, const std::string& name,
                                        uint32_t mode);
  SingleFileTar(SingleFileTar&&) noexcept;
  ~SingleFileTar();

  /// The next bytes of the archive; 0 at its end or after a failure.
  size_t read(char* buffer, size_t capacity);
  /// Why reading stopped early.
  Result<void> status() const;

 private:
  struct State;
  explicit SingleFileTar(std::unique_ptr<State> state);
  static Result<SingleFileTar> make(std::unique_ptr<State> state, const std::string& name,
                                    uint32_t mode, uint32_t uid, uint32_t gid, int64_t mtime);
  std::unique_ptr<State> state_;
};

/// What the first entry of an archive turned out to be.
struct FirstEntry {
  enum class Kind { File, Link, Directory };
  Kind kind = Kind::File;
  std::string link;  // where a symbolic link leads
};

/// Reads an archive from the pipe `in`: a regular file as first entry is written to `local` with
/// its permission bits; of anything else only the kind is told. The rest of the pipe is read and
/// dropped.
Result<FirstEntry> read_first_entry(int in, const std::string& local, const ProgressSink& progress,
                                    Instant deadline, const CancelToken& cancel);

}  // namespace farm::builders::docker
