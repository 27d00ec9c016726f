// Communicator: the way into a machine. Owned and used by the runner's one build thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/result.h"

namespace farm::builders {

/// Exit status meaning "the connection was lost before the command ended".
inline constexpr int kDisconnected = 2300218;

using OutputSink = std::function<void(std::string_view bytes)>;
/// (bytes done, bytes in all; 0 when unknown).
using ProgressSink = std::function<void(uint64_t done, uint64_t total)>;
/// Fills the buffer with standard input for the command; 0 ends it, kNoInputYet means "nothing now,
/// ask again soon" and must not keep the command's output waiting.
using InputSource = std::function<size_t(char* buffer, size_t capacity)>;
inline constexpr size_t kNoInputYet = SIZE_MAX;

struct RemoteCommand {
  std::string command;
  OutputSink on_stdout;
  OutputSink on_stderr;
  InputSource input;  // optional
};

class Communicator {
 public:
  virtual ~Communicator() = default;
  /// Runs a command and streams its output. The exit status, kDisconnected when the connection was
  /// lost; 128 + n when a signal ended it. Error: could not be started, cancelled.
  virtual Result<int> run(const RemoteCommand& command, const CancelToken& cancel) = 0;
  /// Writes a local file to `remote`; `mode` as in chmod.
  virtual Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                              const ProgressSink& progress, const CancelToken& cancel) = 0;
  virtual Result<void> upload_bytes(std::string_view bytes, const std::string& remote,
                                    uint32_t mode, const CancelToken& cancel) = 0;
  /// rsync's trailing slash: `src` creates `remote`/src, `src/` copies the contents.
  virtual Result<void> upload_directory(const std::string& local, const std::string& remote,
                                        const std::vector<std::string>& exclude,
                                        const CancelToken& cancel) = 0;
  virtual Result<void> download(const std::string& remote, const std::string& local,
                                const ProgressSink& progress, const CancelToken& cancel) = 0;
  virtual Result<void> download_directory(const std::string& remote, const std::string& local,
                                          const std::vector<std::string>& exclude,
                                          const CancelToken& cancel) = 0;
};

}  // namespace farm::builders
