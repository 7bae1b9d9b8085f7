"""py_webauthn without a server: one JSON line in, one out (`passrig check --rp "exec:python shim.py"`).

What a library's author writes to have it tested. Only the calls of the library and the memory of a test are here.
"""

import json
import os
import secrets
import sys

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

ORIGIN = os.environ["PASSRIG_ORIGIN"]
RP_ID = os.environ["PASSRIG_RP_ID"]

ceremonies = {}  # By state: the challenge, and what was asked for. Each is used once.
credentials = {}  # By credential id.


def begin(options, **asked):
    state = secrets.token_urlsafe(16)
    ceremonies[state] = {"challenge": options.challenge, **asked}
    return 200, {"state": state, "options": json.loads(options_to_json(options))}


def verification(body):
    return UserVerificationRequirement(body.get("userVerification", "preferred"))


def register_options(body):
    asked = verification(body)
    options = generate_registration_options(
        rp_id=RP_ID,
        rp_name="shim",
        user_name=body["username"],
        attestation=AttestationConveyancePreference(body.get("attestation", "none")),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=asked
        ),
        exclude_credentials=descriptors(body["username"]),
    )
    return begin(options, username=body["username"], user_id=options.user.id, verified=asked)


def register(body):
    ceremony = ceremonies.pop(body["state"])
    result = verify_registration_response(
        credential=body["credential"],
        expected_challenge=ceremony["challenge"],
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        require_user_verification=ceremony["verified"] == UserVerificationRequirement.REQUIRED,
    )
    # §7.1 step 26 is the application's.
    if result.credential_id in credentials:
        return 400, {"accepted": False, "message": "the credential id is known"}
    credentials[result.credential_id] = {
        "username": ceremony["username"],
        "user_id": ceremony["user_id"],
        "key": result.credential_public_key,
        "count": result.sign_count,
    }
    return 200, {"accepted": True}


def authenticate_options(body):
    username = body.get("username")
    listed = descriptors(username) if username else []
    if username and not listed:
        return 404, {"message": "nobody of that name has a passkey"}
    asked = verification(body)
    options = generate_authentication_options(
        rp_id=RP_ID, user_verification=asked, allow_credentials=listed
    )
    return begin(options, username=username, verified=asked)


def authenticate(body):
    ceremony = ceremonies.pop(body["state"])
    credential = body["credential"]
    known = credentials[base64url_to_bytes(credential["id"])]
    # §7.2 steps 5 and 6 are the application's.
    handle = credential["response"].get("userHandle")
    if ceremony["username"] not in (None, known["username"]):
        return 400, {"accepted": False, "message": "not the user's"}
    if (handle is None and not ceremony["username"]) or (
        handle is not None and base64url_to_bytes(handle) != known["user_id"]
    ):
        return 400, {"accepted": False, "message": "another user handle"}
    result = verify_authentication_response(
        credential=credential,
        expected_challenge=ceremony["challenge"],
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        credential_public_key=known["key"],
        credential_current_sign_count=known["count"],
        require_user_verification=ceremony["verified"] == UserVerificationRequirement.REQUIRED,
    )
    known["count"] = result.new_sign_count
    return 200, {"accepted": True}


def descriptors(username):
    return [
        PublicKeyCredentialDescriptor(id=id)
        for id, credential in credentials.items()
        if credential["username"] == username
    ]


PATHS = {
    "/register/options": register_options,
    "/register": register,
    "/authenticate/options": authenticate_options,
    "/authenticate": authenticate,
}


def answer(request):
    body = request["body"]
    try:
        # A text is what JSON cannot say again, such as a member twice: Python reads it all the same.
        return PATHS[request["path"]](json.loads(body) if isinstance(body, str) else body)
    except (WebAuthnException, LookupError, TypeError, ValueError, AttributeError) as error:
        return 400, {"accepted": False, "message": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    request = json.loads(line)
    status, body = answer(request)
    print(json.dumps({"id": request["id"], "status": status, "body": body}), flush=True)
