#include "builders/steps/vsphere/properties.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/base/scope_guard.h"

namespace farm::builders::vsphere {
namespace {

constexpr int64_t kWaitSeconds = 10;  // of one WaitForUpdatesEx; bounds what a lost answer costs
constexpr auto kTaskLimit = std::chrono::hours(24 * 7);
constexpr int kLostAnswers = 5;
constexpr auto kLostAnswerPause = std::chrono::seconds(1);

void write_property_set(XmlWriter& out, const std::string& type, const Paths& paths) {
  out.element("propSet", [&] {
    out.text("type", type);
    for (const std::string& path : paths) out.text("pathSet", path);
  });
}

void add_objects(const XmlNode& list, std::vector<ObjectProperties>& into) {
  for (const XmlNode& object : list.children("objects")) {
    ObjectProperties properties{object.child("obj").reference(), {}};
    for (const XmlNode& one : object.children("propSet")) {
      properties.values[one.text("name")] = one.child("val");
    }
    into.push_back(std::move(properties));
  }
}

// Reading changes nothing, so a lost answer is asked for again.
Result<XmlNode> read_call(Session& session, std::string_view method, const Members& members,
                          const CancelToken& cancel) {
  for (int lost = 0;; ++lost) {
    Result<XmlNode> answer =
        session.call(session.content().property_collector, method, members, cancel);
    if (answer || !answer.error().retryable || lost == kLostAnswers) return answer;
    if (!cancel.sleep(kLostAnswerPause)) return cancelled("cancelled");
  }
}

Result<std::vector<ObjectProperties>> collect(Session& session, const Members& filter,
                                              const CancelToken& cancel) {
  std::vector<ObjectProperties> found;
  Result<XmlNode> answer = read_call(
      session, "RetrievePropertiesEx",
      [&](XmlWriter& out) {
        out.element("specSet", [&] { filter(out); });
        out.element("options", [] {});
      },
      cancel);
  while (true) {
    if (!answer) return answer.error();
    const XmlNode result = answer->child("returnval");
    add_objects(result, found);
    const std::string token = result.text("token");
    if (token.empty()) return found;
    answer = session.call(session.content().property_collector, "ContinueRetrievePropertiesEx",
                          [&](XmlWriter& out) { out.text("token", token); }, cancel);
  }
}

// A filter on the server; gone with its session.
class PropertyWatch {
 public:
  PropertyWatch(Session& session, const Reference& object, const Paths& paths)
      : session_(session), object_(object), paths_(paths) {}
  PropertyWatch(const PropertyWatch&) = delete;
  PropertyWatch& operator=(const PropertyWatch&) = delete;
  ~PropertyWatch() {
    if (filter_.empty() || generation_ != session_.generation()) return;
    const CancelToken never;
    (void)session_.call(filter_, "DestroyPropertyFilter", {}, never, Renewal::Never);
  }

  // Waits at most `patience`. True: something may have changed. An expired session is renewed by the
  // next round.
  Result<bool> next(Duration patience, const CancelToken& cancel) {
    if (filter_.empty() || generation_ != session_.generation()) TRY(create(cancel));
    const int64_t seconds = std::clamp<int64_t>(
        std::chrono::ceil<std::chrono::seconds>(patience).count(), 1, kWaitSeconds);
    const Result<XmlNode> answer = session_.call(
        session_.content().property_collector, "WaitForUpdatesEx",
        [&](XmlWriter& out) {
          out.text("version", version_);
          out.element("options", [&] { out.number("maxWaitSeconds", seconds); });
        },
        cancel, Renewal::Never);
    if (!answer) {
      filter_ = {};
      const ErrorCode code = answer.error().code;
      if (code == ErrorCode::Cancelled) return answer.error();
      if (!answer.error().retryable && code != ErrorCode::Denied && code != ErrorCode::NotFound &&
          code != ErrorCode::InvalidInput) {
        return answer.error();
      }
      if (++failures_ > kLostAnswers) return answer.error();
      if (!cancel.sleep(kLostAnswerPause)) return cancelled("cancelled");
      return true;
    }
    failures_ = 0;
    const std::string version = answer->text("returnval.version");
    if (version.empty()) return false;  // the wait time ran out
    version_ = version;
    return true;
  }

 private:
  Result<void> create(const CancelToken& cancel) {
    const XmlNode answer = TRY(session_.call(
        session_.content().property_collector, "CreateFilter",
        [&](XmlWriter& out) {
          out.element("spec", [&] {
            write_property_set(out, object_.type, paths_);
            out.element("objectSet", [&] { out.reference("obj", object_); });
          });
          out.flag("partialUpdates", false);
        },
        cancel));
    filter_ = answer.child("returnval").reference();
    generation_ = session_.generation();
    version_.clear();
    return {};
  }

  Session& session_;
  Reference object_;
  Paths paths_;
  Reference filter_;
  std::string version_;
  int generation_ = 0;
  int failures_ = 0;
};

}  // namespace

std::vector<XmlNode> array_elements(const XmlNode& value) { return value.children(); }

std::vector<Reference> reference_list(const XmlNode& value) {
  std::vector<Reference> list;
  for (const XmlNode& one : value.children()) list.push_back(one.reference());
  return list;
}

Result<std::vector<ObjectProperties>> retrieve_all(Session& session, const std::string& type,
                                                   const std::vector<Reference>& objects,
                                                   const Paths& paths, const CancelToken& cancel) {
  if (objects.empty()) return std::vector<ObjectProperties>();
  return collect(
      session,
      [&](XmlWriter& out) {
        write_property_set(out, type, paths);
        for (const Reference& object : objects) {
          out.element("objectSet", [&] { out.reference("obj", object); });
        }
      },
      cancel);
}

Result<ObjectProperties> retrieve(Session& session, const Reference& object, const Paths& paths,
                                  const CancelToken& cancel) {
  std::vector<ObjectProperties> found =
      TRY(retrieve_all(session, object.type, {object}, paths, cancel));
  if (found.empty()) return not_found(fmt::format("{} {} is gone", object.type, object.id));
  return std::move(found.front());
}

Result<std::vector<ObjectProperties>> retrieve_below(Session& session, const Reference& container,
                                                     const std::string& type, const Paths& paths,
                                                     const CancelToken& cancel) {
  const XmlNode made = TRY(session.call(
      session.content().view_manager, "CreateContainerView",
      [&](XmlWriter& out) {
        out.reference("container", container);
        out.text("type", type);
        out.flag("recursive", true);
      },
      cancel));
  const Reference view = made.child("returnval").reference();
  const ScopeGuard destroy([&] {
    const CancelToken never;
    (void)session.call(view, "DestroyView", {}, never, Renewal::Never);
  });
  return collect(
      session,
      [&](XmlWriter& out) {
        write_property_set(out, type, paths);
        out.element("objectSet", [&] {
          out.reference("obj", view);
          out.flag("skip", true);
          out.element("selectSet", "TraversalSpec", [&] {
            out.text("name", "view");
            out.text("type", "ContainerView");
            out.text("path", "view");
          });
        });
      },
      cancel);
}

Result<void> wait_for_properties(Session& session, const Reference& object, const Paths& paths,
                                 Duration limit, const CancelToken& cancel,
                                 const std::function<Result<bool>(const ObjectProperties&)>& done) {
  SystemClock clock;
  const Instant end = clock.now() + limit;
  PropertyWatch watch(session, object, paths);
  bool changed = true;
  while (true) {
    if (changed) {
      const ObjectProperties now = TRY(retrieve(session, object, paths, cancel));
      const bool finished = TRY(done(now));
      if (finished) return {};
    }
    if (clock.now() >= end) return timed_out("the time to wait ran out");
    changed = TRY(watch.next(end - clock.now(), cancel));
  }
}

Result<XmlNode> wait_for_task(Session& session, const Reference& task, const CancelToken& cancel) {
  XmlNode result;
  const Result<void> waited = wait_for_properties(
      session, task, {"info"}, kTaskLimit, cancel,
      [&](const ObjectProperties& properties) -> Result<bool> {
        const XmlNode info = properties.value("info");
        const std::string state = info.text("state");
        if (state == "success") {
          result = info.child("result");
          return true;
        }
        if (state != "error") return false;
        const XmlNode fault = info.at("error.fault");
        return fault_error(fault.type().empty() ? "task failed" : fault.type(), fault,
                           info.text("error.localizedMessage"));
      });
  if (waited) return result;
  if (waited.error().code == ErrorCode::Cancelled) {
    const CancelToken never;
    (void)session.call(task, "CancelTask", {}, never);
  }
  return waited.error();
}

Result<XmlNode> run_task(Session& session, const Reference& self, std::string_view method,
                         const Members& members, const CancelToken& cancel) {
  const XmlNode started = TRY(session.call(self, method, members, cancel));
  const Result<XmlNode> ended =
      wait_for_task(session, started.child("returnval").reference(), cancel);
  if (ended) return *ended;
  if (ended.error().code == ErrorCode::Cancelled) return ended.error();
  return ended.error().within(std::string(method));
}

}  // namespace farm::builders::vsphere
