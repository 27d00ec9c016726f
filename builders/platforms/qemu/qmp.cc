#include "builders/platforms/qemu/qmp.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>

namespace farm::builders::platform_qemu {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLineBytes = 4U << 20;
constexpr auto kCommandLimit = std::chrono::seconds(30);

// Never throws: broken text is the value "discarded".
Json parsed(const std::string& line) { return Json::parse(line, nullptr, false); }

std::string member_text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Json> ask(QmpClient& monitor, const std::string& command, const Json& arguments) {
  const std::string text = TRY(monitor.execute(command, arguments.dump()));
  Json answer = parsed(text);
  if (answer.is_discarded()) return corrupt("qemu answered no JSON");
  return answer;
}

}  // namespace

Result<QmpClient> QmpClient::open(io::Fd socket, Duration patience, const CancelToken& cancel) {
  TRY(io::set_nonblocking(socket.get(), true));
  QmpClient client(std::move(socket));
  const std::string line = TRY(client.read_line(io::steady_now() + patience, cancel));
  const Json greeting = parsed(line);
  if (!greeting.is_object() || !greeting.contains("QMP")) {
    return corrupt("qemu's monitor sent no greeting");
  }
  TRY(client.execute("qmp_capabilities"));
  return client;
}

Result<std::string> QmpClient::execute(const std::string& command, const std::string& arguments) {
  const std::string request =
      arguments.empty() ? fmt::format("{{\"execute\":\"{}\"}}\n", command)
                        : fmt::format("{{\"execute\":\"{}\",\"arguments\":{}}}\n", command, arguments);
  // Far below the socket's buffer.
  const Result<void> sent = io::write_all(socket_.get(), request);
  if (!sent) return unavailable("qemu closed its monitor: " + sent.error().message);
  const Instant deadline = io::steady_now() + kCommandLimit;
  while (true) {
    const std::string line = TRY(read_line(deadline, CancelToken()));
    const Json answer = parsed(line);
    if (!answer.is_object()) return corrupt("qemu answered no JSON object");
    if (answer.contains("return")) return answer["return"].dump();
    const auto error = answer.find("error");
    if (error == answer.end() || !error->is_object()) continue;  // an event
    const std::string said = fmt::format("{}: {}", command, member_text(*error, "desc"));
    return member_text(*error, "class") == "CommandNotFound" ? not_found(said)
                                                             : invalid_input(said);
  }
}

Result<std::string> QmpClient::read_line(Instant deadline, const CancelToken& cancel) {
  char buffer[16 << 10];
  while (true) {
    if (const size_t end = input_.find('\n'); end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      return line;
    }
    if (input_.size() > kMaxLineBytes) return corrupt("qemu's monitor sent an overlong line");
    switch (io::wait_ready(socket_.get(), POLLIN, deadline, cancel)) {
      case io::Readiness::Cancelled: return cancelled("cancelled");
      case io::Readiness::Deadline: return timed_out("qemu's monitor did not answer in time");
      case io::Readiness::Ready: break;
    }
    const size_t got = TRY(io::read_some(socket_.get(), buffer, sizeof buffer));
    if (got == 0) return unavailable("qemu closed its monitor");
    input_.append(buffer, got);
  }
}

Result<std::string> network_device_mac(QmpClient& monitor, const std::string& netdev) {
  for (const char* folder : {"/machine/peripheral-anon", "/machine/peripheral"}) {
    const Json children = TRY(ask(monitor, "qom-list", Json{{"path", folder}}));
    for (const Json& child : children) {
      const std::string path = std::string(folder) + "/" + member_text(child, "name");
      if (!member_text(child, "type").starts_with("child<")) continue;
      const Result<Json> backend =
          ask(monitor, "qom-get", Json{{"path", path}, {"property", "netdev"}});
      if (!backend || !backend->is_string() || backend->get<std::string>() != netdev) continue;
      const Json mac = TRY(ask(monitor, "qom-get", Json{{"path", path}, {"property", "mac"}}));
      if (mac.is_string()) return mac.get<std::string>();
    }
  }
  return not_found(fmt::format("qemu has no network device on \"{}\"", netdev));
}

}  // namespace farm::builders::platform_qemu
