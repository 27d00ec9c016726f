// Look-ups outside of this machine, and env(): all go through Outside.

#include "common/template/functions/registration.h"

namespace farm::functions {
namespace {

// `name` is the function; its arguments go to Outside as they are.
void add_secret(Table& table, const std::string& name, std::vector<Parameter> parameters,
                std::string description) {
  define(table, {name, std::move(parameters), {}, Type::string(), std::move(description)},
         [name](Arguments arguments, CallContext& context) -> Outcome {
           std::vector<std::string> texts;
           for (const Value& argument : arguments) texts.push_back(argument.as_string());
           const Result<std::string> secret = context.outside.secret(name, texts);
           if (secret) return Value::string(*secret);
           const Error& error = secret.error();
           // Where planning may not reach out, the value is just not known.
           const bool later = error.code == ErrorCode::Unavailable && error.retryable;
           return later ? Value::unknown(Type::string()) : fail(error.message);
         });
}

Outcome environment_variable(Arguments arguments, CallContext& context) {
  if (!context.env_allowed) return fail("env() may only be called in the default of a variable");
  return Value::string(context.outside.environment(arguments[0].as_string()).value_or(""));
}

}  // namespace

void add_external_functions(Table& table) {
  define(table,
         {"env",
          {text_parameter("key")},
          {},
          Type::string(),
          "An environment variable; only in the default of a variable."},
         environment_variable);
  add_secret(table, "consul_key", {text_parameter("key")}, "The value of a key in Consul.");
  add_secret(table, "vault", {text_parameter("path"), text_parameter("key")},
             "A key of a secret in Vault.");
  add_secret(table, "aws_secretsmanager", {text_parameter("name"), text_parameter("key")},
             "A key of a secret in AWS Secrets Manager.");
  add_secret(table, "aws_secretsmanager_raw", {text_parameter("name")},
             "The whole text of a secret in AWS Secrets Manager.");
}

}  // namespace farm::functions
