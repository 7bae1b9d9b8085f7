"""Judges ceremonies for the library table.

One as JSON on each line of stdin, one verdict on each line of stdout. The argument is a folder of `passrig trust export`.
"""

import json
import sys
from pathlib import Path

from webauthn import (
    base64url_to_bytes,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat

TRUST = Path(sys.argv[1])
EXPECTED = {"expected_origin": "https://login.passrig.test", "expected_rp_id": "passrig.test"}


def pem(name: str) -> bytes:
    return (TRUST / "roots" / f"{name}.pem").read_bytes()


ROOTS = {
    fmt: [pem(fmt.value), pem("common")]
    for fmt in AttestationFormat
    if fmt is not AttestationFormat.NONE
}


def judge(creation: dict, request: dict) -> None:
    asked = creation["options"]["pubKeyCredParams"]
    registration = verify_registration_response(
        credential=creation["response"],
        expected_challenge=base64url_to_bytes(creation["options"]["challenge"]),
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier(one["alg"]) for one in asked],
        pem_root_certs_bytes_by_fmt=ROOTS,
        **EXPECTED,
    )
    verify_authentication_response(
        credential=request["response"],
        expected_challenge=base64url_to_bytes(request["options"]["challenge"]),
        require_user_verification=True,
        credential_public_key=registration.credential_public_key,
        credential_current_sign_count=registration.sign_count,
        **EXPECTED,
    )


for line in sys.stdin:
    ceremonies = json.loads(line)
    refused = None
    try:
        judge(ceremonies["creation"], ceremonies["request"])
    except Exception as error:  # noqa: BLE001: whatever the library raises is its verdict
        refused = f"{type(error).__name__}: {error}"
    print(json.dumps({"name": ceremonies["name"], "refused": refused}), flush=True)
