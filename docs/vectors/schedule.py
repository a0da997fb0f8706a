"""Encodings, HPKE, keys and hashes of docs/protocol.md in Python, without a line of pushotp.

Plain rather than fast, and in no constant time: for checks.
"""

import functools
import hashlib
import hmac
import json
import pathlib

import cbor2
import pycddl
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CDDL = (pathlib.Path(__file__).resolve().parent.parent / "protocol.cddl").read_text()
RULES = {
    65281: "challenge", 65282: "approve", 65283: "deny", 65284: "report", 65285: "result", 65286: "cancel",
    65287: "fetch", 65288: "pending", 65289: "enrol-request", 65290: "enrol-response", 65291: "update",
    65292: "rotate", 65293: "ticket",
}
FROM_DEVICE = {65282, 65283, 65284, 65287, 65289, 65291, 65292}
NO_TOKEN = bytes(16)


class Refused(Exception):
    """Class of the error, and where it was noticed: which decides what goes outside."""

    def __init__(self, kind, opened=False, answered=False):
        super().__init__(kind)
        self.kind, self.opened, self.answered = kind, opened, answered


# ------------------------------------------------------------------------------------------------ CBOR


def cbor(item):
    return cbor2.dumps(item, canonical=True)


def strict(data):
    """One item in the one encoding that it has (section 2)."""
    try:
        item = cbor2.loads(data)
        again = cbor(item)
    except Exception:  # whatever a lenient decoder stumbles over
        raise Refused("malformed") from None
    if again != data:
        raise Refused("malformed")
    return item


@functools.cache
def schema(rule):
    return pycddl.Schema(f"start = {rule}\n{CDDL}")


def conforms(rule, data):
    try:
        schema(rule).validate_cbor(data)
    except pycddl.ValidationError:
        raise Refused("malformed") from None


def bound(rule, item):
    """What is hashed or bound and never sent, in the shape that the CDDL says."""
    data = cbor(item)
    schema(rule).validate_cbor(data)
    return data


def notation(item):
    """The diagnostic notation of RFC 8949."""
    match item:
        case bytes():
            return f"h'{item.hex()}'"
        case str():
            return json.dumps(item, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(notation, item))}]"
        case dict():
            return "{" + ", ".join(f"{notation(key)}: {notation(value)}" for key, value in item.items()) + "}"
    return str(item)


# ------------------------------------------------------------------------- RFC 9180 in the protocol's one mode and suite

KEM, SUITE, MODE_PSK = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03", b"\x01"


def extract(suite, salt, label, ikm):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def expand(suite, prk, label, info, length):
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, info).derive(prk)


class Run:
    """A context of mode_psk, good for one seal."""

    def __init__(self, dh, enc, public, bind):
        psk, psk_id, info = bind
        shared = expand(KEM, extract(KEM, b"", b"eae_prk", dh), b"shared_secret", enc + public, 32)
        context = MODE_PSK + extract(SUITE, b"", b"psk_id_hash", psk_id) + extract(SUITE, b"", b"info_hash", info)
        secret = extract(SUITE, shared, b"secret", psk)
        self.aead = ChaCha20Poly1305(expand(SUITE, secret, b"key", context, 32))
        self.nonce = expand(SUITE, secret, b"base_nonce", context, 12)
        self.exporter = expand(SUITE, secret, b"exp", context, 32)

    def export(self, context, length):
        return expand(SUITE, self.exporter, b"sec", context, length)


def raw(key):
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def receiver(private, enc, bind):
    private = X25519PrivateKey.from_private_bytes(private)
    try:
        dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    except ValueError:  # the shared secret is zero
        raise Refused("unauthenticated") from None
    return Run(dh, enc, raw(private.public_key()), bind)


def sender(seed, public, bind, used=0):
    """The ephemeral key is DeriveKeyPair of the next 32 bytes of the generator."""
    prk = extract(KEM, b"", b"dkp_prk", keystream(seed, used + 32)[used:])
    ephemeral = X25519PrivateKey.from_private_bytes(expand(KEM, prk, b"sk", b"", 32))
    enc = raw(ephemeral.public_key())
    return enc, Run(ephemeral.exchange(X25519PublicKey.from_public_bytes(public)), enc, public, bind)


def keystream(seed, length):
    return Cipher(algorithms.ChaCha20(seed, bytes(16)), None).encryptor().update(bytes(length))


# ------------------------------------------------------------------------------------------ one channel


class Channel:
    def __init__(self, tenant, did, epoch, server_private, keys=None):
        self.tenant, self.did, self.epoch, self.server_private = tenant, did, epoch, server_private
        self.external = bound("external-aad", ["pushotp", 1, tenant])
        if keys:
            self.s2d_key, self.d2s_psk, self.s2d_kid, self.d2s_kid = keys

    @property
    def server_public(self):
        return raw(X25519PrivateKey.from_private_bytes(self.server_private).public_key())

    def under_kid(self):
        info = bound("kid-info", ["pushotp", 1, "d2s", self.tenant, self.did, self.epoch])
        return self.d2s_psk, self.d2s_kid, info

    def under_eid(self, eid, psk):
        return psk, eid, bound("eid-info", ["pushotp", 1, "enrol", self.tenant, eid, self.did, self.epoch])

    def under_ticket(self):
        info = bound("ticket-info", ["pushotp", 1, "ticket", self.tenant, self.did, self.epoch])
        return self.d2s_psk, self.d2s_kid, info

    def export(self, run, label, length, tid=NO_TOKEN):
        """X(label, tid, L) of section 11."""
        context = bound("export-info", ["pushotp", 1, label, self.tenant, self.did, tid, self.epoch])
        return run.export(context, length)

    def enrolled(self, run):
        lengths = {"s2d key": 32, "d2s psk": 32, "s2d kid": 8, "d2s kid": 8}
        keys = [self.export(run, label, length) for label, length in lengths.items()]
        return Channel(self.tenant, self.did, self.epoch, self.server_private, keys)


def challenge_hash(tenant, plain):
    return hashlib.sha256(bound("ch-input", ["pushotp-ch", 1, tenant, plain])).digest()


def message_hash(message):
    return hashlib.sha256(bound("rh-input", ["pushotp-rh", 1, message])).digest()


def passcode(secret, ch):
    mac = hmac.digest(secret, b"OCRA-1:HOTP-SHA256-8:QH64" + b"\x00" + ch + bytes(96), "sha256")
    offset = mac[31] & 15
    return f"{(int.from_bytes(mac[offset:offset + 4], 'big') & 0x7FFFFFFF) % 10**8:08}"


def rotation_hash(channel, rotate):
    """The question of a rotation's passcode."""
    _, rid, tid, generation, step, epk, *_ = rotate
    whose = ["pushotp-rot", 1, channel.tenant, channel.did, tid, channel.epoch]
    return hashlib.sha256(bound("rotate-input", whose + [rid, generation, step, epk])).digest()


def next_secret(channel, tid, generation, secret, nonce):
    """K' of a ticket's nonce: HKDF-SHA-256, as long as the secret was."""
    info = bound("secret-info", ["pushotp-k", 1, channel.tenant, channel.did, tid, channel.epoch, generation])
    return HKDFExpand(hashes.SHA256(), len(secret), info).derive(hmac.digest(nonce, secret, "sha256"))
