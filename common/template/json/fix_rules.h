// The old spellings that `packer fix` knows: one rule per change, applied to one component object
// of a legacy template. Order matters: renamed types come before the rules that look at types.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/template/json/document.h"

namespace farm::json {

/// One change that was made.
struct Fix {
  std::string_view fixer;  // packer's name of it, e.g. "iso-checksum-type-and-url"
  std::string place;       // "builder 'qemu'"
  std::string old_text;    // the option or text that is old
  std::string new_text;    // how it is written now; empty: it is simply gone
  Span span;               // where the old one stands
};

enum class FixKind { Builder, Provisioner, PostProcessor };

struct FixTarget {
  FixKind kind;
  Node& object;
  Node& root;  // the whole template, for references to renamed builders
  std::string type;
  std::string place;
  std::vector<Fix>& fixes;
};

struct FixRule {
  std::string_view fixer;
  FixKind kind;
  std::string_view types;    // "qemu virtualbox-iso", a final * matches any rest; empty: all
  std::string_view old_key;  // renamed to new_key or, when that is empty, removed
  std::string_view new_key;
  void (*custom)(FixTarget& target, const FixRule& rule);  // instead of a rename
  /// Applied also when a template is read: today's components refuse the old spelling. The other
  /// rules only tidy up and wait for `farmctl fix`.
  bool on_read;
};

std::span<const FixRule> fix_rules();

// The rules that are more than a rename of one option; in fix_custom.cc.
/// A rename whose old spelling wins over the new one beside it; of the plain ones the new wins.
void fix_rename_over(FixTarget& target, const FixRule& rule);
void fix_iso_md5(FixTarget& target, const FixRule& rule);
void fix_iso_checksum(FixTarget& target, const FixRule& rule);
void fix_create_time(FixTarget& target, const FixRule& rule);
void fix_clean_name(FixTarget& target, const FixRule& rule);
void fix_guest_additions(FixTarget& target, const FixRule& rule);
void fix_vagrant_override(FixTarget& target, const FixRule& rule);
void fix_builder_type(FixTarget& target, const FixRule& rule);
void fix_private_ip(FixTarget& target, const FixRule& rule);
void fix_to_list(FixTarget& target, const FixRule& rule);
void fix_docker_tag(FixTarget& target, const FixRule& rule);
void fix_powershell_escapes(FixTarget& target, const FixRule& rule);
void fix_vmware_compaction(FixTarget& target, const FixRule& rule);
void fix_qemu_disk_size(FixTarget& target, const FixRule& rule);
void fix_vsphere_network(FixTarget& target, const FixRule& rule);
void fix_vsphere_disk(FixTarget& target, const FixRule& rule);
void fix_azure_latest(FixTarget& target, const FixRule& rule);

}  // namespace farm::json
