#include "builders/communicators/winrm/shell.h"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "common/base/log.h"
#include "common/template/functions/base64.h"

namespace farm::builders::winrm {
namespace {

#define FARM_WINRM_SHELL "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
constexpr const char* kCreate = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
constexpr const char* kDelete = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete";
constexpr const char* kCommand = FARM_WINRM_SHELL "/Command";
constexpr const char* kSend = FARM_WINRM_SHELL "/Send";
constexpr const char* kReceive = FARM_WINRM_SHELL "/Receive";
constexpr const char* kSignal = FARM_WINRM_SHELL "/Signal";
constexpr const char* kTerminate = FARM_WINRM_SHELL "/signal/terminate";
constexpr const char* kControlC = FARM_WINRM_SHELL "/signal/ctrl_c";
constexpr const char* kDone = FARM_WINRM_SHELL "/CommandState/Done";
#undef FARM_WINRM_SHELL

// Of the command's input in one Send: base64 twice still stays below the smallest MaxEnvelopeSize.
constexpr size_t kInputPiece = 72U << 10;
// Between two looks for input that comes later.
constexpr auto kInputPatience = std::chrono::milliseconds(200);
// A connection that breaks once is made again before the command counts as lost.
constexpr int kReceiveTries = 3;
constexpr auto kReceivePause = std::chrono::seconds(1);
// Tidying up after a command, also on a machine that is going down.
constexpr auto kLastWords = std::chrono::seconds(5);

std::optional<int> exit_code(const pugi::xml_node& state) {
  if (std::string_view(state.attribute("State").value()) != kDone) return std::nullopt;
  // DWORD: 0xC0000005 and its kin come as large numbers.
  return static_cast<int>(std::strtoll(child_named(state, "ExitCode").text().get(), nullptr, 10));
}

bool lost(const Error& error) {
  return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
}

}  // namespace

Result<std::optional<int>> deliver_output(const WsmanAnswer& answer,
                                          const RemoteCommand& command) {
  const pugi::xml_node response = child_named(answer.body(), "ReceiveResponse");
  if (!response) return unavailable("WinRM answered Receive with something else");
  for (const pugi::xml_node& child : response.children()) {
    const std::string_view name = child.name();
    if (!name.ends_with("Stream")) continue;
    const std::string bytes = TRY(functions::base64_decode(child.text().get()));
    if (bytes.empty()) continue;
    const bool error = std::string_view(child.attribute("Name").value()) == "stderr";
    const OutputSink& sink = error ? command.on_stderr : command.on_stdout;
    if (sink) sink(bytes);
  }
  return exit_code(child_named(response, "CommandState"));
}

Result<Shell> Shell::create(WsmanClient& client, const CancelToken& cancel) {
  WsmanRequest request;
  request.action = kCreate;
  request.options = {{"WINRS_NOPROFILE", "FALSE"}, {"WINRS_CODEPAGE", "65001"}};
  request.body =
      "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams>"
      "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>";
  const WsmanAnswer answer = TRY(client.send(request, cancel));
  if (answer.faulted()) return answer.fault().within("create shell");
  // As a shell resource, or from WinRM 1.1 on as the selector of the resource that was made.
  std::string id = child_named(child_named(answer.body(), "Shell"), "ShellId").text().get();
  if (id.empty()) {
    pugi::xml_node node = answer.body();
    for (const char* name :
         {"ResourceCreated", "ReferenceParameters", "SelectorSet", "Selector"}) {
      node = child_named(node, name);
    }
    id = node.text().get();
  }
  if (id.empty()) return unavailable("WinRM created a shell without an id");
  return Shell(client, std::move(id));
}

Shell::~Shell() { close(); }

// For requests that end something: neither a cancelled build nor a dead machine may hold them.
Result<WsmanAnswer> Shell::send_last(WsmanRequest request) {
  request.shell_id = id_;
  request.limit = kLastWords;
  return client_->send(request, CancelToken());
}

void Shell::close() {
  if (id_.empty()) return;
  WsmanRequest request;
  request.action = kDelete;
  const auto done = send_last(std::move(request));
  if (!done) log::debug("shell not deleted", {{"error", done.error().message}});
  id_.clear();
}

Result<std::string> Shell::start(const std::string& command, Input input,
                                 const CancelToken& cancel) {
  WsmanRequest request;
  request.action = kCommand;
  request.shell_id = id_;
  request.options = {{"WINRS_CONSOLEMODE_STDIN", input == Input::Console ? "TRUE" : "FALSE"},
                     {"WINRS_SKIP_CMD_SHELL", "FALSE"}};
  request.body = "<rsp:CommandLine><rsp:Command>" + xml_escape(command) +
                 "</rsp:Command></rsp:CommandLine>";
  const WsmanAnswer answer = TRY(client_->send(request, cancel));
  if (answer.faulted()) return answer.fault().within("start command");
  std::string id = child_named(child_named(answer.body(), "CommandResponse"), "CommandId").text().get();
  if (id.empty()) return unavailable("WinRM started a command without an id");
  return id;
}

Result<bool> Shell::send_input(const std::string& id, const InputSource& input,
                               const CancelToken& cancel) {
  std::string piece(kInputPiece, '\0');
  while (true) {
    const size_t count = input(piece.data(), piece.size());
    if (count == kNoInputYet) return true;
    WsmanRequest request;
    request.action = kSend;
    request.shell_id = id_;
    request.body = fmt::format(
        R"(<rsp:Send><rsp:Stream Name="stdin" CommandId="{}"{}>{}</rsp:Stream></rsp:Send>)",
        xml_escape(id), count != 0 ? "" : R"( End="true")",
        functions::base64_encode(std::string_view(piece).substr(0, count)));
    const WsmanAnswer answer = TRY(client_->send(request, cancel));
    // The command ended without reading on: its exit code tells the rest.
    if (answer.fault_code() == wsman_fault::kOperationAborted) return false;
    if (answer.faulted()) return answer.fault().within("send input");
    if (count == 0) return false;
  }
}

Result<std::optional<int>> Shell::receive(const std::string& id, const RemoteCommand& command,
                                          Duration patience, const CancelToken& cancel) {
  WsmanRequest request;
  request.action = kReceive;
  request.shell_id = id_;
  request.operation_timeout = patience;
  request.body = fmt::format(
      R"(<rsp:Receive><rsp:DesiredStream CommandId="{}">stdout stderr</rsp:DesiredStream></rsp:Receive>)",
      xml_escape(id));
  TRY(cancel.check());
  const auto answer = client_->send(request, cancel);
  if (!answer) {
    if (!lost(answer.error())) return answer.error();
    if (++failures_ == kReceiveTries) return std::optional(kDisconnected);
    if (!cancel.sleep(kReceivePause)) return cancelled("cancelled");
    return std::optional<int>();
  }
  failures_ = 0;
  if (answer->fault_code() == wsman_fault::kOperationTimeout) return std::optional<int>();
  if (answer->faulted()) {
    log::info("command lost", {{"fault", answer->fault().message}});
    return std::optional(kDisconnected);
  }
  return deliver_output(*answer, command);
}

Result<int> Shell::attend(const std::string& id, const RemoteCommand& command,
                          const CancelToken& cancel) {
  bool reads = static_cast<bool>(command.input);
  while (true) {
    if (reads) reads = TRY(send_input(id, command.input, cancel));
    const std::optional<int> ended =
        TRY(receive(id, command, reads ? Duration(kInputPatience) : Duration{0}, cancel));
    if (ended) return *ended;
  }
}

void Shell::signal(const std::string& id, const char* code) {
  WsmanRequest request;
  request.action = kSignal;
  request.body = fmt::format(R"(<rsp:Signal CommandId="{}"><rsp:Code>{}</rsp:Code></rsp:Signal>)",
                             xml_escape(id), code);
  const auto done = send_last(std::move(request));
  if (!done) log::debug("command not signalled", {{"error", done.error().message}});
}

Result<int> Shell::run(const RemoteCommand& command, const CancelToken& cancel) {
  const std::string id =
      TRY(start(command.command, command.input ? Input::Pipe : Input::Console, cancel));
  failures_ = 0;
  Result<int> status = attend(id, command, cancel);
  if (status && *status == kDisconnected) return status;
  if (cancel.cancelled()) signal(id, kControlC);
  signal(id, kTerminate);  // also frees the server's record of a command that has ended
  return status;
}

}  // namespace farm::builders::winrm
