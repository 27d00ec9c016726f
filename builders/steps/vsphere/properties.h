// Properties of managed objects: read once, read over a whole view, waited for; and the waiting
// for tasks that rests on it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "builders/steps/vsphere/session.h"

namespace farm::builders::vsphere {

struct ObjectProperties {
  Reference object;
  std::map<std::string, XmlNode> values;  // by path; absent where the object has none
  XmlNode value(const std::string& path) const {
    const auto found = values.find(path);
    return found == values.end() ? XmlNode() : found->second;
  }
  std::string text(const std::string& path) const { return value(path).text(); }
};

using Paths = std::vector<std::string>;

/// The elements of an array value ("val" of type ArrayOf...).
std::vector<XmlNode> array_elements(const XmlNode& value);
/// The same as references.
std::vector<Reference> reference_list(const XmlNode& value);

/// NotFound: the object is gone.
Result<ObjectProperties> retrieve(Session& session, const Reference& object, const Paths& paths,
                                  const CancelToken& cancel);
/// Of several objects of one type; those that are gone meanwhile are left out.
Result<std::vector<ObjectProperties>> retrieve_all(Session& session, const std::string& type,
                                                   const std::vector<Reference>& objects,
                                                   const Paths& paths, const CancelToken& cancel);
/// Of every object of `type` below `container`, however deep.
Result<std::vector<ObjectProperties>> retrieve_below(Session& session, const Reference& container,
                                                     const std::string& type, const Paths& paths,
                                                     const CancelToken& cancel);

/// Waits until `done` says so of the object's properties; asked once at once, then after every
/// change. Timeout after `limit`.
Result<void> wait_for_properties(Session& session, const Reference& object, const Paths& paths,
                                 Duration limit, const CancelToken& cancel,
                                 const std::function<Result<bool>(const ObjectProperties&)>& done);

/// Starts a task by `method` and waits for its end; gives info.result. A failed task is an error
/// like a fault. A task has no time limit of its own; it is cancelled on the server when the token
/// fires.
Result<XmlNode> run_task(Session& session, const Reference& self, std::string_view method,
                         const Members& members, const CancelToken& cancel);
Result<XmlNode> wait_for_task(Session& session, const Reference& task, const CancelToken& cancel);

}  // namespace farm::builders::vsphere
