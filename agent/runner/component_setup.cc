#include "agent/runner/component_setup.h"

#include "common/plan/render.h"

namespace farm::agent {

using value::Value;

namespace {

template <class T>
Result<std::unique_ptr<T>> prepared(const ComponentSetup& setup, std::unique_ptr<T> component,
                                    plan::ComponentKind kind, const plan::ComponentSpec& spec,
                                    const GeneratedValues* generated) {
  const Value config = TRY(component_config(setup, kind, spec, generated));
  const bool placeholders = generated == nullptr && kind != plan::ComponentKind::Builder;
  const builders::PrepareContext context{setup.render, setup.environment, setup.working_directory,
                                         setup.force, placeholders};
  const builders::Findings findings = component->prepare(config, context);
  if (!findings.ok()) return invalid_input(findings.text());
  return component;
}

Value text(std::string utf8) { return Value::string(std::move(utf8)); }

}  // namespace

Result<Value> component_config(const ComponentSetup& setup, plan::ComponentKind kind,
                               const plan::ComponentSpec& spec,
                               const GeneratedValues* generated) {
  const plan::ComponentSchema* schema = setup.catalog.find(kind, spec.type);
  if (schema == nullptr) {
    return not_found(std::string(plan::component_kind_name(kind)) + " `" + spec.type +
                     "` is not known here");
  }
  const Value raw = TRY(plan::resolve_late(spec, *schema, generated, setup.clock.wall(),
                                           setup.working_directory));
  return plan::render_config(raw, *schema, setup.render, setup.random, generated);
}

Result<std::unique_ptr<builders::Builder>> set_up_builder(const ComponentSetup& setup,
                                                          const plan::ComponentSpec& spec) {
  std::unique_ptr<builders::Builder> made = TRY(setup.registry.builder(spec.type));
  return prepared(setup, std::move(made), plan::ComponentKind::Builder, spec, nullptr);
}

Result<std::unique_ptr<builders::Provisioner>> set_up_provisioner(
    const ComponentSetup& setup, const plan::ComponentSpec& spec,
    const GeneratedValues* generated) {
  std::unique_ptr<builders::Provisioner> made = TRY(setup.registry.provisioner(spec.type));
  return prepared(setup, std::move(made), plan::ComponentKind::Provisioner, spec, generated);
}

Result<std::unique_ptr<builders::PostProcessor>> set_up_post_processor(
    const ComponentSetup& setup, const plan::ComponentSpec& spec,
    const GeneratedValues* generated) {
  std::unique_ptr<builders::PostProcessor> made = TRY(setup.registry.post_processor(spec.type));
  return prepared(setup, std::move(made), plan::ComponentKind::PostProcessor, spec, generated);
}

GeneratedValues generated_values(const builders::BuildContext& context) {
  GeneratedValues values = context.generated;
  const auto otherwise = [&values](const char* name, Value value) {
    values.emplace(name, std::move(value));
  };
  otherwise("ID", text(context.instance_id.empty() ? "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER"
                                                   : context.instance_id));
  otherwise("Host", text(context.guest_host));
  otherwise("Port", Value::number(value::Number(int64_t{context.guest_port})));
  for (const char* name : {"User", "Password", "ConnType", "SSHPrivateKeyFile", "WinRMPassword"}) {
    otherwise(name, text(""));
  }
  otherwise("SSHPublicKey", text(context.ssh_public_key));
  otherwise("SSHPrivateKey", text(context.ssh_private_key));
  otherwise("SSHAgentAuth", Value::boolean(false));
  otherwise("PackerRunUUID", text(context.run_uuid));
  if (context.http_port != 0) {
    const std::string port = std::to_string(context.http_port);
    otherwise("PackerHTTPIP", text(context.http_ip));
    otherwise("PackerHTTPPort", text(port));
    otherwise("PackerHTTPAddr", text(context.http_ip + ":" + port));
  } else {
    otherwise("PackerHTTPIP", text("ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER"));
    otherwise("PackerHTTPPort", text("ERR_HTTP_PORT_NOT_IMPLEMENTED_BY_BUILDER"));
    otherwise("PackerHTTPAddr", text("ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER"));
  }
  return values;
}

}  // namespace farm::agent
