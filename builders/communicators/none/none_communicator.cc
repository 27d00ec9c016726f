#include "builders/communicators/none/none_communicator.h"

namespace farm::builders {
namespace {

Error refusal(const char* what) {
  return invalid_input(std::string("communicator is \"none\": cannot ") + what);
}

class NoneCommunicator final : public Communicator {
 public:
  Result<int> run(const RemoteCommand&, const CancelToken&) override {
    return refusal("run a command in the machine");
  }
  Result<void> upload(const std::string&, const std::string&, uint32_t, const ProgressSink&,
                      const CancelToken&) override {
    return refusal("upload a file");
  }
  Result<void> upload_bytes(std::string_view, const std::string&, uint32_t,
                            const CancelToken&) override {
    return refusal("upload a file");
  }
  Result<void> upload_directory(const std::string&, const std::string&,
                                const std::vector<std::string>&, const CancelToken&) override {
    return refusal("upload a directory");
  }
  Result<void> download(const std::string&, const std::string&, const ProgressSink&,
                        const CancelToken&) override {
    return refusal("download a file");
  }
  Result<void> download_directory(const std::string&, const std::string&,
                                  const std::vector<std::string>&, const CancelToken&) override {
    return refusal("download a directory");
  }
};

}  // namespace

std::unique_ptr<Communicator> make_none_communicator() {
  return std::make_unique<NoneCommunicator>();
}

}  // namespace farm::builders
