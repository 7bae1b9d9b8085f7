"""Judges ceremonies for the library table.

One as JSON on each line of stdin, one verdict on each line of stdout. The argument is a folder of `passrig trust export`.
"""

import json
import ssl
import sys
from pathlib import Path

from cryptography import x509
from fido2.attestation import Attestation, AttestationType, AttestationVerifier
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestationConveyancePreference,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
)

TRUST = Path(sys.argv[1])
RP = PublicKeyCredentialRpEntity(id="passrig.test", name="tests")


def root(name: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert((TRUST / "roots" / f"{name}.pem").read_text())


ROOTS = [root(path.stem) for path in (TRUST / "roots").glob("*.pem") if path.stem not in ("all", "metadata")]
BY_SUBJECT = {x509.load_der_x509_certificate(der).subject: der for der in ROOTS}


class Trusting(AttestationVerifier):
    """Trusts the root that the last certificate names; where nobody certifies, there is nobody to trust."""

    def verify_attestation(self, attestation_object, client_data_hash):
        verifier = Attestation.for_type(attestation_object.fmt)()
        result = verifier.verify(attestation_object.att_stmt, attestation_object.auth_data, client_data_hash)
        if result.attestation_type not in (AttestationType.NONE, AttestationType.SELF):
            super().verify_attestation(attestation_object, client_data_hash)

    def ca_lookup(self, attestation_result, auth_data):
        last = x509.load_der_x509_certificate(attestation_result.trust_path[-1])
        return BY_SUBJECT.get(last.issuer)


def judge(creation: dict, request: dict) -> None:
    server = Fido2Server(
        RP,
        attestation=AttestationConveyancePreference.DIRECT,
        verify_origin=lambda origin: origin == "https://login.passrig.test",
        verify_attestation=Trusting(),
    )
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=one["alg"])
        for one in creation["options"]["pubKeyCredParams"]
    ]
    user = {"id": b"user", "name": "ada"}
    _, state = server.register_begin(
        user, user_verification="required", challenge=websafe_decode(creation["options"]["challenge"])
    )
    data = server.register_complete(state, creation["response"])
    credentials = [data.credential_data]
    _, state = server.authenticate_begin(
        credentials, user_verification="required", challenge=websafe_decode(request["options"]["challenge"])
    )
    server.authenticate_complete(state, credentials, request["response"])


for line in sys.stdin:
    ceremonies = json.loads(line)
    refused = None
    try:
        judge(ceremonies["creation"], ceremonies["request"])
    except Exception as error:  # noqa: BLE001: whatever the library raises is its verdict
        refused = f"{type(error).__name__}: {error}"
    print(json.dumps({"name": ceremonies["name"], "refused": refused}), flush=True)
