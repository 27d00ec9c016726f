#include "common/plan/build_values.h"

#include <string_view>
#include <vector>

namespace farm::plan {
namespace {

using value::Type;
using value::Value;

struct Generated {
  std::string_view name;
  char type;  // s string, n number, b bool
};

constexpr Generated kCommon[] = {
    {"ID", 's'},           {"Host", 's'},           {"Port", 'n'},
    {"User", 's'},         {"Password", 's'},       {"ConnType", 's'},
    {"SSHPublicKey", 's'}, {"SSHPrivateKey", 's'},  {"SSHPrivateKeyFile", 's'},
    {"SSHAgentAuth", 'b'}, {"WinRMPassword", 's'},  {"PackerRunUUID", 's'},
    {"PackerHTTPIP", 's'}, {"PackerHTTPPort", 's'}, {"PackerHTTPAddr", 's'}};

struct Declared {
  std::string_view builder;  // or its beginning, with a closing '-'
  std::vector<std::string_view> names;
};

/// Names that builders add to the common ones.
const std::vector<Declared>& declared_names() {
  static const std::vector<Declared> names = {
      {"amazon-",
       {"SourceAMIName", "BuildRegion", "SourceAMI", "SourceAMICreationDate", "SourceAMIOwner",
        "SourceAMIOwnerName"}},
      {"googlecompute", {"SourceImageName"}},
      {"azure-",
       {"SourceImageName", "TenantID", "SubscriptionID", "TempComputeName", "TempNicName",
        "TempOSDiskName", "TempDataDiskName", "TempDeploymentName", "TempVirtualNetworkName",
        "TempKeyVaultName", "TempResourceGroupName", "TempNsgName", "TempSubnetName",
        "TempPublicIPAddressName"}},
      // Digest is there for what follows a docker-push.
      {"docker", {"ImageSha256", "SourceImageDigest", "SourceImageSha256", "Digest"}},
      {"digitalocean", {"DropletID"}},
      {"vsphere-", {"SourceImageName"}},
  };
  return names;
}

template <class Make>
Value build_object(const std::string& builder_type, const std::string& build_name, Make make) {
  Value::Map members;
  for (const Generated& generated : kCommon) {
    members.emplace(std::string(generated.name), make(generated.type));
  }
  for (const Declared& declared : declared_names()) {
    const bool prefix = declared.builder.ends_with('-');
    if (prefix ? !builder_type.starts_with(declared.builder) : builder_type != declared.builder) {
      continue;
    }
    for (const std::string_view name : declared.names) {
      members.emplace(std::string(name), make('s'));
    }
  }
  members.insert_or_assign("name", Value::string(build_name));
  return Value::object(std::move(members));
}

}  // namespace

Value planned_build_object(const std::string& builder_type, const std::string& build_name) {
  return build_object(builder_type, build_name, [](char type) {
    if (type == 'n') return Value::unknown(Type::number());
    if (type == 'b') return Value::unknown(Type::boolean());
    return Value::unknown(Type::string());
  });
}

Value placeholder_build_object(const std::string& builder_type, const std::string& build_name) {
  return build_object(builder_type, build_name,
                      [](char) { return Value::string("<unknown>"); });
}

}  // namespace farm::plan
