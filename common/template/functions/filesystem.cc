// File functions and path arithmetic. Everything is read through Outside.

#include "common/template/functions/base64.h"
#include "common/template/functions/glob.h"
#include "common/template/functions/paths.h"
#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

// "~" and "~/..." become the home directory.
Result<std::string> expanded(const std::string& path, CallContext& context) {
  if (!path.starts_with('~')) return path;
  if (path.size() > 1 && path[1] != '/') {
    return invalid_input("cannot expand user-specific home dir");
  }
  return clean_path(context.outside.home_directory() + "/" + path.substr(1));
}

// The path that functions of the template's folder mean.
Result<std::string> in_root(const std::string& path, CallContext& context) {
  std::string full = TRY(expanded(path, context));
  if (!full.starts_with('/') && !context.root.empty()) full = context.root + "/" + full;
  return clean_path(full);
}

Error reading_error(const Error& error, const std::string& path) {
  if (error.code == ErrorCode::NotFound) {
    return not_found(fmt::format("no file exists at {}", path));
  }
  return {error.code, fmt::format("failed to read {}", path), error.retryable};
}

Result<std::string> file(Arguments arguments, CallContext& context) {
  const std::string path = TRY(in_root(arguments[0].as_string(), context));
  Result<std::string> content = context.outside.read_file(path);
  if (!content) return reading_error(content.error(), path);
  if (!is_utf8(*content)) {
    return invalid_input(fmt::format(
        "contents of {} are not valid UTF-8; use the filebase64 function to obtain the Base64 "
        "encoded contents",
        path));
  }
  return content;
}

// Relative to the working directory, unlike file().
Result<std::string> file_base64(Arguments arguments, CallContext& context) {
  const std::string path = TRY(expanded(arguments[0].as_string(), context));
  Result<std::string> content = context.outside.read_file(path);
  if (!content) return reading_error(content.error(), path);
  return base64_encode(*content);
}

Result<Value> file_exists(Arguments arguments, CallContext& context) {
  const std::string path = TRY(in_root(arguments[0].as_string(), context));
  const bool exists = TRY(context.outside.file_exists(path));
  return Value::boolean(exists);
}

Result<Value> file_set(Arguments arguments, CallContext& context) {
  const std::string directory = TRY(in_root(arguments[0].as_string(), context));
  const std::string pattern = clean_path(arguments[1].as_string());
  if (!check_glob(pattern)) {
    return invalid_input(
        fmt::format("failed to glob pattern ({}): syntax error in pattern", pattern));
  }
  if (pattern.starts_with('/') || pattern == ".." || pattern.starts_with("../")) {
    return invalid_input(
        fmt::format("failed to glob pattern ({}): it leads out of the directory", pattern));
  }
  Result<std::vector<std::string>> files = context.outside.list_files(directory);
  Value::List matches;
  if (files) {
    for (const std::string& path : *files) {
      if (glob_match(pattern, path)) matches.push_back(Value::string(path));
    }
  } else if (files.error().code != ErrorCode::NotFound) {
    return std::move(files).error();
  }
  return Value::set(Type::string(), std::move(matches));
}

Result<std::string> absolute(Arguments arguments, CallContext& context) {
  const std::string& path = arguments[0].as_string();
  if (path.starts_with('/')) return clean_path(path);
  return clean_path(context.outside.working_directory() + "/" + path);
}

}  // namespace

void add_filesystem_functions(Table& table) {
  const Type string = Type::string();
  define(table, {"abspath", {text_parameter("path")}, {}, string, "The absolute path."}, absolute);
  define(table, {"basename", {text_parameter("path")}, {}, string, "The last part of a path."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(path_base(arguments[0].as_string()));
         });
  define(table, {"dirname", {text_parameter("path")}, {}, string, "A path without its last part."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(path_directory(arguments[0].as_string()));
         });
  define(table, {"pathexpand", {text_parameter("path")}, {}, string, "A path with ~ filled in."},
         [](Arguments arguments, CallContext& context) {
           return expanded(arguments[0].as_string(), context);
         });
  define(table, {"file", {text_parameter("path")}, {}, string, "The text of a file."}, file);
  define(table,
         {"filebase64", {text_parameter("path")}, {}, string, "The bytes of a file in Base64."},
         file_base64);
  define(table,
         {"fileexists", {text_parameter("path")}, {}, Type::boolean(), "Whether a file exists."},
         file_exists);
  define(table,
         {"fileset",
          {text_parameter("path"), text_parameter("pattern")},
          {},
          Type::set(string),
          "The files in a directory that match a pattern."},
         file_set);
}

}  // namespace farm::functions
