"""vault(), consul_key(), aws_secretsmanager() and aws_secretsmanager_raw() against a server on this
machine that speaks the three protocols: what `build` and `validate --online` ask for and get, and that
plain `validate` asks nobody."""

import hashlib
import hmac
import http.server
import json
import threading
import unittest

from case import Case

TEMPLATE = """
locals {
  two   = vault("secret/data/app", "pin")
  one   = vault("kv/app", "name")
  key   = consul_key("app/color")
  aws   = aws_secretsmanager("app", "user")
  whole = aws_secretsmanager_raw("app")
}
source "file" "x" {
  content = jsonencode([local.two, local.one, local.key, local.aws, local.whole])
  target  = "out.json"
}
build {
  sources = ["source.file.x"]
}
"""
SECRET = json.dumps({"user": "root", "port": 22})
GIVEN = {
    "/v1/secret/data/app": ("X-Vault-Token", "t0", json.dumps({"data": {"data": {"pin": 42}}})),
    "/v1/kv/app": ("X-Vault-Token", "t0", json.dumps({"data": {"name": "n1"}})),
    "/v1/kv/app/color?raw": ("X-Consul-Token", "c0", "red\n"),
}


def signature(key, headers, body):
    """AWS signature version 4 of a POST to /, computed anew from what the request says it signed."""
    fields = dict(part.split("=", 1) for part in
                  headers["Authorization"].split(" ", 1)[1].split(", "))
    day, region, service, _ = fields["Credential"].split("/")[1:]
    names = fields["SignedHeaders"].split(";")
    canonical = "POST\n/\n\n%s\n%s\n%s" % (
        "".join("%s:%s\n" % (name, headers[name]) for name in names), ";".join(names),
        hashlib.sha256(body).hexdigest())
    text = "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s" % (
        headers["X-Amz-Date"], day, region, service, hashlib.sha256(canonical.encode()).hexdigest())
    secret = ("AWS4" + key).encode()
    for part in (day, region, service, "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() == fields["Signature"]


class Store(http.server.BaseHTTPRequestHandler):
    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.asked.append(self.path)
        header, token, text = GIVEN.get(self.path, ("", "", ""))
        if not header:
            self.answer(404, '{"errors":[]}')
        elif self.headers[header] != token:
            self.answer(403, '{"errors":["permission denied"]}')
        else:
            self.answer(200, text)

    def do_POST(self):
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = (self.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
                and json.loads(body) == {"SecretId": "app"}
                and signature("s0", self.headers, body))
        self.answer(200 if good else 400, json.dumps({"SecretString": SECRET}))

    def log_message(self, *words):
        pass


class SecretFunctions(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        self.server.asked = []
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.stores = {"VAULT_ADDR": url, "VAULT_TOKEN": "t0", "CONSUL_HTTP_ADDR": url[7:],
                       "CONSUL_HTTP_TOKEN": "c0", "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
                       "AWS_ACCESS_KEY_ID": "k0", "AWS_SECRET_ACCESS_KEY": "s0",
                       "AWS_REGION": "eu-west-1", "no_proxy": "127.0.0.1"}
        self.write("t.pkr.hcl", TEMPLATE)

    def test_build_gets_them(self):
        self.good(self.farmctl("build", "t.pkr.hcl", env=self.stores))
        self.assertEqual(json.loads(self.read("out.json")),
                         ["42", "n1", "red\n", "root", SECRET])
        self.assertEqual(len(self.server.asked), 5)

    def test_validate_asks_nobody_but_online(self):
        done = self.good(self.farmctl("validate", "t.pkr.hcl"))
        self.assertIn("aws_secretsmanager(), aws_secretsmanager_raw(), consul_key(), vault()", done.out)
        self.assertEqual(self.server.asked, [])
        self.good(self.farmctl("validate", "--online", "t.pkr.hcl", env=self.stores))
        self.assertEqual(len(self.server.asked), 5)

    def test_what_goes_wrong_is_said(self):
        for change, words in (
                ({"VAULT_TOKEN": ""}, "VAULT_TOKEN must be set"),
                ({"VAULT_TOKEN": "wrong"}, "Vault answered 403"),
                ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS Secrets Manager answered 400"),
                ({"AWS_REGION": ""}, "AWS_REGION must be set"),
                ({"CONSUL_HTTP_ADDR": "127.0.0.1:1"}, "ask Consul")):
            with self.subTest(words):
                done = self.farmctl("validate", "--online", "t.pkr.hcl",
                                    env={**self.stores, **change})
                self.assertEqual(done.code, 1, done)
                self.assertIn(words, " ".join(done.text.split()))
        for expression, words in (('vault("kv/none", "a")', 'no secret at the path "kv/none"'),
                                  ('vault("kv/app", "none")', 'does not contain the key "none"'),
                                  ('consul_key("none")', 'no value at the path "none"'),
                                  ('aws_secretsmanager("app", "none")', 'the key "none"')):
            with self.subTest(expression):
                self.write("t.pkr.hcl", TEMPLATE.replace('vault("kv/app", "name")', expression))
                done = self.farmctl("validate", "--online", "t.pkr.hcl", env=self.stores)
                self.assertEqual(done.code, 1, done)
                self.assertIn(words, " ".join(done.text.split()))


if __name__ == "__main__":
    unittest.main()
