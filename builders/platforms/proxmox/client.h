// Client: one session with the Proxmox API: token or ticket (renewed before it ends), requests, and
// tasks until they are over. Belongs to one thread.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "builders/core/ui.h"
#include "builders/platforms/proxmox/access.h"
#include "common/base/cancel.h"
#include "common/net/http/client.h"

namespace farm::builders::platform_proxmox {

using Json = nlohmann::json;
/// Parameters of a call in the order they are sent. Empty values are left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;

class Client {
 public:
  /// `clock` and `ui` outlive the client; the ui hears what tasks say.
  Client(Access access, const Clock& clock, Ui& ui);

  /// The "data" of the answer. Errors as api_error() has them; a GET is repeated when the connection
  /// was lost.
  Result<Json> get(const std::string& path, const Parameters& query, const CancelToken& cancel);
  Result<Json> post(const std::string& path, const Parameters& form, const CancelToken& cancel);
  Result<Json> put(const std::string& path, const Parameters& form, const CancelToken& cancel);
  Result<Json> remove(const std::string& path, const Parameters& query, const CancelToken& cancel);

  /// Streams the local file to a storage as `name` of content type iso and waits for the task.
  Result<void> upload_iso(const std::string& node, const std::string& storage,
                          const std::string& local, const std::string& name,
                          const CancelToken& cancel);

  /// Waits for the task that `data` names; no task (null) is done already. Not before its end: a
  /// cancelled wait and a timeout stop the task.
  Result<void> wait(const Json& data, const CancelToken& cancel);
  /// post() and wait().
  Result<void> post_task(const std::string& path, const Parameters& form,
                         const CancelToken& cancel);

  const Access& access() const { return access_; }

 private:
  struct Task;
  Result<Json> call(const std::string& method, const std::string& path, const Parameters& values,
                    const CancelToken& cancel);
  Result<net::HttpResponse> send(net::HttpRequest request, const CancelToken& cancel);
  Result<void> authenticate(net::HttpRequest& request, const CancelToken& cancel);
  Result<void> log_in(const Secret& password, const CancelToken& cancel);
  net::HttpRequest request(const std::string& method, const std::string& path) const;
  Error connection_error(const Error& error) const;
  Result<std::string> poll(Task& task, const CancelToken& cancel);
  void tell_log(Task& task, const CancelToken& cancel);
  void stop_task(const Task& task);

  Access access_;
  const Clock& clock_;
  Ui& ui_;
  net::HttpClient http_;
  Secret ticket_;
  Secret csrf_token_;
  Instant ticket_since_{0};
};

/// `values` as application/x-www-form-urlencoded.
std::string form_encode(const Parameters& values);

/// Members of answers, which Perl gives as number or text. Absent or of another kind: `other`.
std::string text_of(const Json& object, const char* name, const std::string& other = {});
int64_t number_of(const Json& object, const char* name, int64_t other = 0);
double real_of(const Json& object, const char* name, double other = 0);

}  // namespace farm::builders::platform_proxmox
