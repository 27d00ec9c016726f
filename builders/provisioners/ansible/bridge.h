// Bridge: requests of the adapter's connections, carried out one after the other on the build's
// thread, the only one that may use the communicator.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "builders/core/build_context.h"
#include "builders/provisioners/ansible/channel_pipe.h"
#include "builders/staging/guest_os.h"

namespace farm::builders::provisioner_ansible {

struct GuestRequest {
  std::string command;
  std::map<std::string, std::string> environment;
  /// Shared by the connection and the bridge: whichever is done last lets go of it.
  std::shared_ptr<ChannelPipe> pipe;
};

class Bridge {
 public:
  explicit Bridge(staging::GuestOs os) : os_(os) {}

  /// Any thread. After stop() the request is abandoned at once.
  void post(GuestRequest request);
  /// Any thread: nothing more will be served.
  void stop();
  /// The build's thread: serves until stop().
  void serve(BuildContext& context);

 private:
  void carry_out(BuildContext& context, const GuestRequest& request) const;
  void run_command(BuildContext& context, const GuestRequest& request) const;

  const staging::GuestOs os_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<GuestRequest> waiting_;
  bool stopped_ = false;
};

}  // namespace farm::builders::provisioner_ansible
