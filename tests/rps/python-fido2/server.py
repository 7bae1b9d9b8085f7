"""
A thin relying party over python-fido2, in the shape of the package's own example server: the same four routes, options
and session handling. What is the library's: `Fido2Server`. What is the application's, as the example shows it:
everything else, marked below. It adds no checks of its own, so that what passes here passes in the library or in its
example.
"""

import functools
import os
import sys
import threading

import fido2.utils
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity
from flask import Flask, abort, jsonify, request, session
from werkzeug.serving import WSGIRequestHandler, make_server

# Ours: the library asks for the same type hints anew for each credential that it lists; with some thousand credentials
# that is most of its time.
fido2.utils.get_type_hints = functools.cache(fido2.utils.get_type_hints)

app = Flask(__name__)
# The application's: the session lies in a signed cookie, so the browser keeps the challenge, and old ones too.
app.secret_key = os.urandom(32)

fido2 = Fido2Server(PublicKeyCredentialRpEntity(name="Demo server", id="passrig.test"))

# The application's: one user, taken as logged in, whoever asks.
user = PublicKeyCredentialUserEntity(id=b"user_id", name="a_user", display_name="A. User")
credentials = []


@app.post("/api/register/begin")
def register_begin():
    # The application's: one challenge for each session, the same slot for both ceremonies.
    options, session["state"] = fido2.register_begin(
        user,
        credentials,
        user_verification="discouraged",
        authenticator_attachment="cross-platform",
    )
    return jsonify(dict(options))


@app.post("/api/register/complete")
def register_complete():
    # The application's: what the library raises becomes a 500, and the challenge stays in the session.
    registered = fido2.register_complete(session["state"], request.json)
    # The application's: a credential id that is there already is not looked for.
    credentials.append(registered.credential_data)
    return jsonify({"status": "OK"})


@app.post("/api/authenticate/begin")
def authenticate_begin():
    if not credentials:
        abort(404)
    options, session["state"] = fido2.authenticate_begin(credentials)
    return jsonify(dict(options))


@app.post("/api/authenticate/complete")
def authenticate_complete():
    if not credentials:
        abort(404)
    # The application's: neither the counter nor the backup flags are kept, so neither is ever compared.
    fido2.authenticate_complete(session.pop("state"), credentials, request.json)
    return jsonify({"status": "OK"})


# Ours: HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
if __name__ == "__main__":
    tls = (os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server = make_server("127.0.0.1", int(os.environ.get("PORT", 0)), app, threaded=True, ssl_context=tls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening {server.port}", flush=True)
    sys.stdin.read()
