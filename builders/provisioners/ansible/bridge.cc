#include "builders/provisioners/ansible/bridge.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "builders/provisioners/ansible/scp_service.h"
#include "builders/staging/guest.h"

namespace farm::builders::provisioner_ansible {
namespace {

// What an SSH client reports when the connection failed, which is what it is to Ansible.
constexpr int kConnectionFailed = 255;

bool is_variable_name(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string shell_quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += R"('"'"')";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string with_environment(const GuestRequest& request, staging::GuestOs os) {
  std::string command;
  if (os == staging::GuestOs::Unix) {
    for (const auto& [name, value] : request.environment) {
      if (is_variable_name(name)) command += "export " + name + "=" + shell_quote(value) + "; ";
    }
  }
  return command + request.command;
}

}  // namespace

void Bridge::post(GuestRequest request) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      waiting_.push_back(std::move(request));
      changed_.notify_all();
      return;
    }
  }
  request.pipe->abandon();
}

void Bridge::stop() {
  std::deque<GuestRequest> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(waiting_);
  }
  changed_.notify_all();
  for (const GuestRequest& request : left) request.pipe->abandon();
}

void Bridge::serve(BuildContext& context) {
  for (;;) {
    std::optional<GuestRequest> next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
      if (stopped_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    carry_out(context, *next);
  }
}

void Bridge::carry_out(BuildContext& context, const GuestRequest& request) const {
  const std::optional<ScpCommand> scp = parse_scp_command(request.command);
  if (scp) {
    request.pipe->finish(serve_scp(*scp, os_, context, *request.pipe));
    return;
  }
  run_command(context, request);
}

void Bridge::run_command(BuildContext& context, const GuestRequest& request) const {
  ChannelPipe& pipe = *request.pipe;
  RemoteCommand remote;
  remote.command = with_environment(request, os_);
  remote.on_stdout = [&](std::string_view bytes) { pipe.write(PipeStream::Output, bytes); };
  remote.on_stderr = [&](std::string_view bytes) { pipe.write(PipeStream::ErrorOutput, bytes); };
  remote.input = [&](char* buffer, size_t capacity) { return pipe.read_now(buffer, capacity); };
  const Result<int> status = context.communicator->run(remote, pipe.cancel());
  if (status && *status != kDisconnected) return pipe.finish(*status);
  pipe.write(PipeStream::ErrorOutput,
             status ? "the connection to the machine was lost\n" : status.error().message + "\n");
  pipe.finish(kConnectionFailed);
}

}  // namespace farm::builders::provisioner_ansible
