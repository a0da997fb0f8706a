"""Web Push by PyPI's http_ece and py-vapid: a JSON object a line in, one a line out."""

import base64
import json
import sys

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private(text):
    return ec.derive_private_key(int.from_bytes(unbase64(text), "big"), ec.SECP256R1())


def answer(case):
    if case["do"] == "decrypt":
        key, auth = private(case["private"]), unbase64(case["auth"])
        return {"data": base64url(http_ece.decrypt(unbase64(case["body"]), private_key=key, auth_secret=auth))}
    if case["do"] == "encrypt":
        body = http_ece.encrypt(
            unbase64(case["data"]),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=unbase64(case["public"]),
            auth_secret=unbase64(case["auth"]),
            version="aes128gcm",
        )
        return {"body": base64url(body)}
    # Its parser wants no space after the comma.
    token = case["authorization"].replace(", ", ",")
    claims = token.split("t=")[1].split(".")[1]
    return {"verified": verified(token), "claims": json.loads(unbase64(claims))}


def verified(token):
    try:
        return bool(Vapid02.verify(token))
    except InvalidSignature:
        return False


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
