// farm-planner: one plan in one process that can do nothing else. Reads a PlanRecord from standard
// input, gives up everything but that input and its output, plans, writes a PlanReply. Started by
// the coordinator (planner_pool.h) with an empty environment; of no use to people.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iconv.h>
#include <new>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string>
#include <unistd.h>

#include "common/wire/plan_record.h"
#include "coordinator/planner/planner_exit.h"
#include "coordinator/planner/replay.h"
#include "coordinator/planner/sandbox.h"

namespace farm::coordinator {
namespace {

/// False when there is more than a record may have.
bool read_all(std::string& into) {
  std::array<char, 65536> buffer{};
  while (into.size() <= wire::kMaxFilledPlanRecord) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got <= 0) return got == 0;
    into.append(buffer.data(), static_cast<size_t>(got));
  }
  return false;
}

bool write_all(const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (put <= 0) return false;
    done += static_cast<size_t>(put);
  }
  return true;
}

/// What the C library and OpenSSL would open later: it cannot be opened then.
void load_what_is_loaded_late(const std::string& input) {
  ::tzset();
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  for (const char* kind : {"md5", "sha1", "sha256", "sha512"}) {
    size_t length = out.size();
    EVP_Q_digest(nullptr, kind, nullptr, "", 0, out.data(), &length);
  }
  const bool converts = input.find("textencodebase64") != std::string::npos ||
                        input.find("textdecodebase64") != std::string::npos;
  if (!converts) return;
  // Each is a library of its own; they stay loaded while a converter is open.
  for (const char* name : {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE",
                           "ISO-8859-1", "ISO-8859-2", "ISO-8859-15", "WINDOWS-1250",
                           "WINDOWS-1251", "WINDOWS-1252", "IBM437", "IBM850", "SHIFT_JIS",
                           "EUC-JP", "GBK", "GB18030", "BIG5", "EUC-KR", "KOI8-R"}) {
    static_cast<void>(::iconv_open(name, "UTF-8"));
    static_cast<void>(::iconv_open("UTF-8", name));
  }
}

[[noreturn]] void out_of_memory() { ::_exit(kPlannerOutOfMemory); }

int run() {
  std::string input;
  if (!read_all(input)) return kPlannerBadInput;
  load_what_is_loaded_late(input);
  std::set_new_handler(out_of_memory);
  const Result<void> inside = enter_sandbox(SandboxLimits{});
  if (!inside) {
    std::fprintf(stderr, "%s\n", inside.error().message.c_str());
    return kPlannerNoSandbox;
  }
  Result<plan::PlanRecord> record =
      wire::decode_plan_record(input, wire::kMaxFilledPlanRecord);
  if (!record) return kPlannerBadInput;
  input = std::string();
  const plan::PlanReply reply = plan_again(*std::move(record));
  return write_all(wire::encode_plan_reply(reply)) ? 0 : kPlannerBadInput;
}

}  // namespace
}  // namespace farm::coordinator

int main() {
  // Past every destructor and exit handler: nothing of them is needed, and they need more calls.
  try {
    ::_exit(farm::coordinator::run());
  } catch (const std::bad_alloc&) {
    ::_exit(farm::coordinator::kPlannerOutOfMemory);
  } catch (...) {
    ::_exit(farm::coordinator::kPlannerFailed);
  }
}
