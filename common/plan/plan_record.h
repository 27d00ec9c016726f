// PlanRecord: everything that planning on a user's machine read and was told: files, variables of
// the environment, answers of data sources and secret stores, random numbers, the time. Whoever has
// it makes the same plan again without a disk, an environment or a network (plan_world.h). Its
// bytes: common/wire/plan_record.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace farm::plan {

/// One question to the user's side and its answer.
struct PlanAnswer {
  enum class Kind : uint8_t {
    Unknown,
    TreeKind,     // path -> "f", "d", ""
    TreeRead,     // path -> bytes
    TreeList,     // directory -> names, each ended by a zero byte
    ReadFile,     // path -> bytes
    FileExists,   // path -> "1", ""
    ListFiles,    // directory -> paths, each ended by a zero byte
    Environment,  // name -> "=VALUE", "" when unset
    Secret,       // function and arguments, each ended by a zero byte -> text
    DataSource,   // type, zero byte, encoded config -> encoded outputs
    NamedFile,    // absolute path -> "1", "" when nothing is there
  };
  Kind kind = Kind::Unknown;
  std::string question;
  bool ok = true;
  std::string value;   // of a good answer
  std::string bundle;  // instead of `value`: the file of the bundle that holds it
  std::optional<Error> error;
};

struct PlanVariable {
  std::string name;
  std::string value;
};

struct PlanRecord {
  // What was asked for.
  std::string path;
  std::string config_type;
  std::vector<std::string> var_files;
  std::vector<PlanVariable> variables;
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::string core_version;
  // Where and when.
  int64_t start_nanos = 0;
  std::string working_directory;
  std::string home_directory;
  // What was read and told.
  std::vector<PlanAnswer> answers;
  std::string randoms;                  // 8 bytes each, little-endian
  std::vector<std::string> components;  // descriptions of external components
};

/// What a planner made of a record.
struct PlannedJob {
  std::string name;  // display name
  std::string spec;  // encode_job()
};
struct PlanReply {
  std::vector<PlannedJob> jobs;
  std::vector<std::string> sensitive;
  std::optional<Error> error;
};

}  // namespace farm::plan
