// SilentCommunicator: there is no machine behind the `file` builder, yet templates put provisioners
// on it (Packer runs them against a communicator that accepts everything and does nothing).
#pragma once

#include "builders/core/communicator.h"

namespace farm::builders::platform_file {

class SilentCommunicator final : public Communicator {
 public:
  Result<int> run(const RemoteCommand&, const CancelToken& cancel) override {
    TRY(cancel.check());
    return 0;
  }
  Result<void> upload(const std::string&, const std::string&, uint32_t, const ProgressSink&,
                      const CancelToken& cancel) override {
    return cancel.check();
  }
  Result<void> upload_bytes(std::string_view, const std::string&, uint32_t,
                            const CancelToken& cancel) override {
    return cancel.check();
  }
  Result<void> upload_directory(const std::string&, const std::string&,
                                const std::vector<std::string>&,
                                const CancelToken& cancel) override {
    return cancel.check();
  }
  Result<void> download(const std::string&, const std::string&, const ProgressSink&,
                        const CancelToken& cancel) override {
    return cancel.check();
  }
  Result<void> download_directory(const std::string&, const std::string&,
                                  const std::vector<std::string>&,
                                  const CancelToken& cancel) override {
    return cancel.check();
  }
};

}  // namespace farm::builders::platform_file
