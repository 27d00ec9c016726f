// The fixers that do more than rename one option.
#include <algorithm>
#include <array>

#include "common/template/json/fix_rules.h"

namespace farm::json {
namespace {

void note(FixTarget& target, const FixRule& rule, std::string old_text, std::string new_text,
          const Span& span) {
  target.fixes.push_back(
      {rule.fixer, target.place, std::move(old_text), std::move(new_text), span});
}

std::string shown(const std::string& key, const Node& value) {
  std::string text = write_pretty(value);
  text.pop_back();
  return key + " = " + text;
}

/// The string in option `key`; empty when it is absent or something else.
std::string text_of(const Node& object, std::string_view key) {
  const Member* member = object.find(key);
  return member != nullptr && member->value.is_string() ? member->value.text : std::string();
}

void set(Node& object, std::string key, Node value, const Span& key_span) {
  if (Member* member = object.find(key)) {
    member->value = std::move(value);
    return;
  }
  object.members.push_back({std::move(key), key_span, std::move(value)});
}

Node boolean(bool value, const Span& span) {
  Node node;
  node.kind = NodeKind::Boolean;
  node.boolean = value;
  node.span = span;
  return node;
}

/// Every string below `node`, also those inside lists and objects, through `change`.
template <class Change>
void each_string(Node& node, const Change& change) {
  if (node.is_string()) change(node);
  for (Node& element : node.elements) each_string(element, change);
  for (Member& member : node.members) each_string(member.value, change);
}

bool replace_all(std::string& text, std::string_view old, std::string_view with) {
  bool any = false;
  for (size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size()) {
    text.replace(at, old.size(), with);
    any = true;
  }
  return any;
}

void rename_string(Node& node, const std::string& from, const std::string& to) {
  if (node.is_string() && node.text == from) node.text = to;
}

/// References to builder `from` in `only`, `except` and `override` of one component.
void rename_references_in(Node& component, const std::string& from, const std::string& to) {
  for (const char* key : {"only", "except"}) {
    Member* list = component.find(key);
    if (list == nullptr) continue;
    rename_string(list->value, from, to);
    for (Node& element : list->value.elements) rename_string(element, from, to);
  }
  if (Member* overrides = component.find("override")) {
    for (Member& member : overrides->value.members) {
      if (member.key == from) member.key = to;
    }
  }
}

void rename_references(Node& root, const std::string& from, const std::string& to) {
  for (const char* key : {"provisioners", "post-processors"}) {
    Member* list = root.find(key);
    if (list == nullptr) continue;
    for (Node& component : list->value.elements) {
      rename_references_in(component, from, to);
      for (Node& inner : component.elements) rename_references_in(inner, from, to);
    }
  }
}

/// Moves the options `keys` of `object` into one new object; empty when there are none.
Node gather(Node& object, std::initializer_list<std::string_view> keys) {
  Node gathered = Node::object();
  for (const std::string_view key : keys) {
    if (Member* member = object.find(key)) {
      if (gathered.members.empty()) gathered.span = member->value.span;
      gathered.members.push_back(*member);
      object.remove(key);
    }
  }
  return gathered;
}

void gather_into_list(FixTarget& target, const FixRule& rule,
                      std::initializer_list<std::string_view> keys) {
  Node gathered = gather(target.object, keys);
  if (gathered.members.empty()) return;
  const Span key_span = gathered.members.front().key_span;
  std::string old_text;
  for (const Member& member : gathered.members) {
    old_text += (old_text.empty() ? "" : ", ") + member.key;
  }
  Node list = Node::array({}, gathered.span);
  list.elements.push_back(std::move(gathered));
  if (Member* present = target.object.find(rule.new_key)) {
    for (Node& element : present->value.elements) list.elements.push_back(std::move(element));
  }
  note(target, rule, std::move(old_text), std::string(rule.new_key) + " = [{...}]", key_span);
  set(target.object, std::string(rule.new_key), std::move(list), key_span);
}

}  // namespace

void fix_rename_over(FixTarget& target, const FixRule& rule) {
  if (target.object.find(rule.old_key) == nullptr) return;
  target.object.remove(rule.new_key);
  Member* old = target.object.find(rule.old_key);
  note(target, rule, old->key, std::string(rule.new_key), old->key_span);
  old->key = rule.new_key;
}

void fix_iso_md5(FixTarget& target, const FixRule& rule) {
  const Member* old = target.object.find(rule.old_key);
  if (old == nullptr || !old->value.is_string()) return;
  const Member copy = *old;
  target.object.remove(rule.old_key);
  Node checksum = Node::string("md5:" + copy.value.text, copy.value.span);
  note(target, rule, copy.key, shown("iso_checksum", checksum), copy.key_span);
  set(target.object, "iso_checksum", std::move(checksum), copy.key_span);
}

void fix_iso_checksum(FixTarget& target, const FixRule& rule) {
  const Member* type = target.object.find("iso_checksum_type");
  const Member* url = target.object.find("iso_checksum_url");
  if (type == nullptr && url == nullptr) return;
  const Span span = type != nullptr ? type->key_span : url->key_span;
  const std::string type_text = text_of(target.object, "iso_checksum_type");
  const std::string url_text = text_of(target.object, "iso_checksum_url");
  std::string checksum = text_of(target.object, "iso_checksum");
  std::string old_text = type != nullptr ? "iso_checksum_type" : "iso_checksum_url";
  if (type != nullptr && url != nullptr) old_text += ", iso_checksum_url";
  if (type_text == "none") {
    checksum = "none";
  } else if (!url_text.empty()) {
    // The file wins over a checksum beside it; a prefix that is there already stays.
    checksum = url_text.starts_with("file:") ? url_text : "file:" + url_text;
  } else if (!checksum.empty() && !type_text.empty() && checksum.find(type_text + ":") != 0) {
    checksum = type_text + ":" + checksum;
  }
  target.object.remove("iso_checksum_type");
  target.object.remove("iso_checksum_url");
  const Member* present = target.object.find("iso_checksum");
  if (checksum.empty() || (present != nullptr && !present->value.is_string())) {
    note(target, rule, std::move(old_text), "", span);
    return;
  }
  Node value = Node::string(std::move(checksum), span);
  note(target, rule, std::move(old_text), shown("iso_checksum", value), span);
  set(target.object, "iso_checksum", std::move(value), span);
}

void fix_create_time(FixTarget& target, const FixRule& rule) {
  each_string(target.object, [&](Node& node) {
    bool any = false;
    for (const char* old : {"{{.CreateTime}}", "{{ .CreateTime }}", "{{.CreateTime }}",
                            "{{ .CreateTime}}"}) {
      any = replace_all(node.text, old, "{{timestamp}}") || any;
    }
    if (any) note(target, rule, "{{.CreateTime}}", "{{timestamp}}", node.span);
  });
}

void fix_clean_name(FixTarget& target, const FixRule& rule) {
  each_string(target.object, [&](Node& node) {
    if (node.text.find("{{") == std::string::npos) return;
    for (const char* old : {"clean_ami_name", "clean_image_name"}) {
      if (replace_all(node.text, old, rule.new_key)) {
        note(target, rule, old, std::string(rule.new_key), node.span);
      }
    }
  });
}

void fix_guest_additions(FixTarget& target, const FixRule& rule) {
  const Member* old = target.object.find(rule.old_key);
  if (old == nullptr || old->value.kind != NodeKind::Boolean) return;
  const Member copy = *old;
  target.object.remove(rule.old_key);
  Node mode = Node::string(copy.value.boolean ? "attach" : "upload", copy.value.span);
  note(target, rule, copy.key, shown(std::string(rule.new_key), mode), copy.key_span);
  set(target.object, std::string(rule.new_key), std::move(mode), copy.key_span);
}

void fix_vagrant_override(FixTarget& target, const FixRule& rule) {
  constexpr std::array<std::string_view, 5> kProviders = {"aws", "digitalocean", "virtualbox",
                                                          "vmware", "parallels"};
  for (const std::string_view provider : kProviders) {
    Member* old = target.object.find(provider);
    if (old == nullptr || !old->value.is_object()) continue;
    Member moved = *old;
    target.object.remove(provider);
    note(target, rule, moved.key, "override = { \"" + moved.key + "\": {...} }", moved.key_span);
    if (target.object.find("override") == nullptr) {
      set(target.object, "override", Node::object(moved.value.span), moved.key_span);
    }
    target.object.find("override")->value.members.push_back(std::move(moved));
  }
}

void fix_builder_type(FixTarget& target, const FixRule& rule) {
  Member* type = target.object.find("type");
  if (type == nullptr) return;
  type->value.text = rule.new_key;
  target.type = rule.new_key;
  note(target, rule, "type \"" + std::string(rule.old_key) + "\"",
       "type \"" + std::string(rule.new_key) + "\"", type->value.span);
  // A builder without a name is referred to by its type.
  if (target.object.find("name") != nullptr) return;
  rename_references(target.root, std::string(rule.old_key), std::string(rule.new_key));
}

void fix_private_ip(FixTarget& target, const FixRule& rule) {
  const Member* old = target.object.find(rule.old_key);
  if (old == nullptr) return;
  const Member copy = *old;
  const bool is_private = copy.value.boolean || copy.value.text == "true" || copy.value.text == "1";
  target.object.remove(rule.old_key);
  Node interface = Node::string(is_private ? "private_ip" : "public_ip", copy.value.span);
  note(target, rule, copy.key, shown(std::string(rule.new_key), interface), copy.key_span);
  set(target.object, std::string(rule.new_key), std::move(interface), copy.key_span);
}

void fix_to_list(FixTarget& target, const FixRule& rule) {
  const Member* old = target.object.find(rule.old_key);
  if (old == nullptr || !old->value.is_string()) return;
  const Member copy = *old;
  target.object.remove(rule.old_key);
  Node list = Node::array({copy.value}, copy.value.span);
  note(target, rule, copy.key, std::string(rule.new_key) + " (a list)", copy.key_span);
  set(target.object, std::string(rule.new_key), std::move(list), copy.key_span);
}

void fix_docker_tag(FixTarget& target, const FixRule& rule) {
  const Member* old = target.object.find(rule.old_key);
  if (old == nullptr) return;
  const Member copy = *old;
  Node tags = Node::array({}, copy.value.span);
  if (copy.value.is_array()) tags.elements = copy.value.elements;
  for (size_t at = 0; copy.value.is_string() && at <= copy.value.text.size();) {
    const size_t comma = std::min(copy.value.text.find(',', at), copy.value.text.size());
    tags.elements.push_back(Node::string(copy.value.text.substr(at, comma - at), copy.value.span));
    at = comma + 1;
  }
  if (Member* present = target.object.find(rule.new_key)) {
    if (present->value.is_string()) tags.elements.push_back(present->value);
    for (Node& tag : present->value.elements) tags.elements.push_back(std::move(tag));
  }
  target.object.remove(rule.old_key);
  note(target, rule, copy.key, "tags (a list)", copy.key_span);
  set(target.object, std::string(rule.new_key), std::move(tags), copy.key_span);
}

void fix_powershell_escapes(FixTarget& target, const FixRule& rule) {
  constexpr std::string_view kEscaped = "$\"`'";
  for (const char* key : {"elevated_user", "elevated_password", "environment_vars"}) {
    Member* member = target.object.find(key);
    if (member == nullptr) continue;
    each_string(member->value, [&](Node& node) {
      std::string plain;
      for (size_t at = 0; at < node.text.size(); ++at) {
        const bool escape = node.text[at] == '`' && at + 1 < node.text.size() &&
                            kEscaped.find(node.text[at + 1]) != std::string_view::npos;
        if (escape) ++at;
        plain += node.text[at];
      }
      if (plain == node.text) return;
      note(target, rule, "back-tick escapes in " + std::string(key), "no escapes", node.span);
      node.text = std::move(plain);
    });
  }
}

void fix_vmware_compaction(FixTarget& target, const FixRule& rule) {
  if (text_of(target.object, "remote_type") != "esx5") return;
  const Span span = target.object.find("remote_type")->key_span;
  if (target.object.find("disk_type_id") == nullptr) {
    set(target.object, "disk_type_id", Node::string("zeroedthick", span), span);
  }
  if (text_of(target.object, "disk_type_id") == "thin") return;
  const Member* skip = target.object.find(rule.new_key);
  if (skip != nullptr && (skip->value.kind != NodeKind::Boolean || skip->value.boolean)) return;
  note(target, rule, "remote_type \"esx5\"", "skip_compaction = true", span);
  set(target.object, std::string(rule.new_key), boolean(true, span), span);
}

void fix_qemu_disk_size(FixTarget& target, const FixRule& rule) {
  Member* size = target.object.find(rule.old_key);
  if (size == nullptr || size->value.kind != NodeKind::Number) return;
  const std::string old_text = size->value.text;
  size->value = Node::string(old_text + "M", size->value.span);
  note(target, rule, "disk_size = " + old_text, shown("disk_size", size->value), size->value.span);
}

void fix_vsphere_network(FixTarget& target, const FixRule& rule) {
  gather_into_list(target, rule, {"network", "network_card"});
}

void fix_vsphere_disk(FixTarget& target, const FixRule& rule) {
  gather_into_list(target, rule, {"disk_size", "disk_thin_provisioned", "disk_eagerly_scrub"});
}

void fix_azure_latest(FixTarget& target, const FixRule& rule) {
  const auto rename_in = [&](Node& object) {
    Member* member = object.find(rule.old_key);
    if (member == nullptr) return;
    member->key = rule.new_key;
    note(target, rule, std::string(rule.old_key), std::string(rule.new_key), member->key_span);
  };
  rename_in(target.object);
  for (Member& member : target.object.members) {
    rename_in(member.value);
    for (Node& element : member.value.elements) rename_in(element);
  }
}

}  // namespace farm::json
