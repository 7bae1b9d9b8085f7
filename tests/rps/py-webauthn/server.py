"""
A thin relying party over py_webauthn, in the shape of webauthn.io, the demo site of its author: the same routes,
bodies and keeping of challenges. What is the library's: `generate_*_options` and `verify_*_response`. What is the
application's, as webauthn.io has it: everything else, marked below. It adds no checks of its own, so that what passes
here passes in the library or in the site.
"""

import json
import os
import secrets
import sys
import threading
from pathlib import Path
from ssl import DER_cert_to_PEM_cert

from flask import Flask, jsonify, make_response, redirect, request
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.serving import WSGIRequestHandler, make_server

RP_ID = "passrig.test"
# Ours: whom to trust in attestation, which the site leaves to the library's own roots.
ROOTS = {
    fmt: [DER_cert_to_PEM_cert(root.read_bytes()).encode() for root in Path(os.environ["ATTESTATION_ROOTS"]).iterdir()]
    for fmt in AttestationFormat
    if fmt != AttestationFormat.NONE
}
ORIGIN = "https://login.passrig.test"
ALGORITHMS = {
    "mldsa44": COSEAlgorithmIdentifier.ML_DSA_44,
    "mldsa65": COSEAlgorithmIdentifier.ML_DSA_65,
    "mldsa87": COSEAlgorithmIdentifier.ML_DSA_87,
    "ed25519": COSEAlgorithmIdentifier.EDDSA,
    "es256": COSEAlgorithmIdentifier.ECDSA_SHA_256,
    "rs256": COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
}

app = Flask(__name__)
credentials = {}  # By credential id; each holds the name of its user.
registrations = {}  # The application's: the options last made for a user name, whoever asked.
authentications = {}  # The options last made for a session.
sessions = {}


@app.get("/")
def index():
    response = make_response("py_webauthn")
    if session() is None:
        response.set_cookie("sessionid", begin_session(), httponly=True, samesite="Lax")
    return response


@app.post("/registration/options")
def registration_options():
    form = request.get_json()
    username = form["username"]
    options = generate_registration_options(
        rp_id=RP_ID,
        rp_name="py_webauthn",
        user_name=username,
        user_id=f"webauthnio-{username}".encode(),
        attestation=AttestationConveyancePreference(form["attestation"]),
        authenticator_selection=AuthenticatorSelectionCriteria(
            user_verification=UserVerificationRequirement(form["user_verification"]),
            resident_key=ResidentKeyRequirement(form["discoverable_credential"]),
        ),
        supported_pub_key_algs=[alg for name, alg in ALGORITHMS.items() if name in form["algorithms"]],
        exclude_credentials=descriptors(username),
    )
    registrations[username] = options
    return jsonify({**json.loads(options_to_json(options)), "extensions": {"credProps": True}})


@app.post("/registration/verification")
def registration_verification():
    form = request.get_json()
    username, response = form["username"], form["response"]
    try:
        # Used up, whether the verification succeeds or fails.
        options = registrations.pop(username)
        verification = verify_registration_response(
            credential=response,
            expected_challenge=options.challenge,
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            require_user_verification=requires_user_verification(options.authenticator_selection),
            supported_pub_key_algs=[param.alg for param in options.pub_key_cred_params],
            pem_root_certs_bytes_by_fmt=ROOTS,
        )
        transports = response["response"].get("transports")
        # The application's: a credential id that is there already is written over.
        credentials[bytes_to_base64url(verification.credential_id)] = {
            "username": username,
            "public_key": verification.credential_public_key,
            "sign_count": verification.sign_count,
            "transports": transports and [AuthenticatorTransport(transport) for transport in transports],
        }
    except Exception as error:
        return jsonify({"error": str(error)}), 400
    return jsonify({"verified": True})


@app.post("/authentication/options")
def authentication_options():
    form = request.get_json()
    username = form.get("username")
    # The application's: an unknown user is told from a known one.
    if username and not descriptors(username):
        return jsonify({"error": "That username has no registered credentials"}), 400
    options = generate_authentication_options(
        rp_id=RP_ID,
        user_verification=UserVerificationRequirement(form["user_verification"]),
        allow_credentials=descriptors(username) if username else [],
    )
    authentications[request.cookies["sessionid"]] = options
    return jsonify(json.loads(options_to_json(options)))


@app.post("/authentication/verification")
def authentication_verification():
    form = request.get_json()
    username, response = form.get("username"), form["response"]
    try:
        # The application's: finding the credential, by the id as it was sent; the user handle is not looked at.
        credential = credentials[response["id"]]
        if username and credential["username"] != username:
            raise ValueError("Credential does not belong to user")
        options = authentications.pop(request.cookies["sessionid"])
        verification = verify_authentication_response(
            credential=response,
            expected_challenge=options.challenge,
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            require_user_verification=options.user_verification == UserVerificationRequirement.REQUIRED,
            credential_public_key=credential["public_key"],
            credential_current_sign_count=credential["sign_count"],
        )
        credentials[bytes_to_base64url(verification.credential_id)]["sign_count"] = verification.new_sign_count
    except Exception as error:
        return jsonify({"error": str(error)}), 400
    # The application's: the session keeps its name when somebody logs in.
    session()["username"] = credential["username"]
    return jsonify({"verified": True})


@app.get("/profile")
def profile():
    if not session() or "username" not in session():
        return redirect("/")
    return f"<h1>{session()['username']}</h1>"


@app.get("/logout")
def logout():
    sessions.pop(request.cookies.get("sessionid"), None)
    return redirect("/")


def descriptors(username):
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(id), transports=credential["transports"])
        for id, credential in list(credentials.items())  # A copy: others register meanwhile.
        if credential["username"] == username
    ]


def requires_user_verification(selection):
    return bool(selection) and selection.user_verification == UserVerificationRequirement.REQUIRED


def session():
    return sessions.get(request.cookies.get("sessionid"))


def begin_session():
    key = secrets.token_urlsafe(24)
    sessions[key] = {}
    return key


# Ours: HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
if __name__ == "__main__":
    tls = (os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server = make_server("127.0.0.1", int(os.environ.get("PORT", 0)), app, threaded=True, ssl_context=tls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening {server.port}", flush=True)
    sys.stdin.read()
