"""Makes, opens and reads the messages of docs/protocol.md, without a line of pushotp."""

from collections.abc import Mapping

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from schedule import FROM_DEVICE, RULES, Refused, bound, cbor, conforms, keystream, receiver, sender, strict

# --------------------------------------------------------------------------------- sections 3 to 5: what is sealed


def envelope_header(kid, iv, typ):
    return cbor({1: 24, 4: kid, 5: iv, 16: typ})


def seal_envelope(channel, seed, typ, plain, used=0):
    iv = keystream(seed, used + 12)[used:]
    protected = envelope_header(channel.s2d_kid, iv, typ)
    aad = bound("seal-aad", ["Encrypt0", protected, channel.external])
    ciphertext = ChaCha20Poly1305(channel.s2d_key).encrypt(iv, plain, aad)
    return cbor(cbor2.CBORTag(16, [protected, {}, ciphertext]))


def open_envelope(channel, message):
    """The kind and the plaintext."""
    item = limited(message)
    match item:
        case cbor2.CBORTag(tag=16, value=[bytes(protected), Mapping() as other, bytes(ciphertext)]) if not other:
            header = strict(protected)
        case _:
            raise Refused("malformed")
    blocks(ciphertext, 63)
    if isinstance(header, Mapping) and header.get(16) in FROM_DEVICE and set(header) == {1, 4, 5, 16}:
        raise Refused("unauthenticated")
    conforms("envelope-header", protected)
    conforms("envelope", message)
    match header:
        case {4: bytes(kid), 5: bytes(iv), 16: int(typ)} if len(header) == 4:
            pass
        case _:
            raise Refused("malformed")
    if kid != channel.s2d_kid:
        raise Refused("unauthenticated")
    aad = cbor(["Encrypt0", protected, channel.external])
    return typ, opened(ChaCha20Poly1305(channel.s2d_key), iv, ciphertext, aad)


def limited(message):
    if len(message) > 4096:
        raise Refused("malformed")
    return strict(message)


def blocks(ciphertext, most):
    plain = len(ciphertext) - 16
    if plain % 64 or not 64 <= plain <= 64 * most:
        raise Refused("malformed")


def opened(aead, nonce, ciphertext, aad):
    try:
        return aead.decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise Refused("unauthenticated") from None


def seal_frame(channel, seed, ident, bind, signed, used=0):
    enc, run = sender(seed, channel.server_public, bind, used)
    return cbor([1, ident, enc, run.aead.encrypt(run.nonce, signed, channel.external)])


def open_frame(channel, message, ident, bind):
    """What is signed, and the run for its exporter."""
    item = limited(message)
    conforms("frame / first-frame", message)
    match item:
        case [1, bytes(named), bytes(enc), bytes(ciphertext)]:
            pass
        case _:
            raise Refused("malformed")
    blocks(ciphertext, 62)
    if named != ident:
        raise Refused("unauthenticated")
    run = receiver(channel.server_private, enc, bind)
    return opened(run.aead, run.nonce, ciphertext, channel.external), run


def sign_header(typ, verifying):
    """Ed25519 keys have 32 bytes, those on P-256 one more."""
    return cbor({1: -19 if len(verifying) == 32 else -9, 16: typ})


def to_be_signed(channel, protected, payload):
    return bound("to-be-signed", ["Signature1", protected, channel.external, payload])


def sign(channel, key, verifying, typ, payload):
    protected = sign_header(typ, verifying)
    message = to_be_signed(channel, protected, payload)
    if len(verifying) == 32:
        signature = Ed25519PrivateKey.from_private_bytes(key).sign(message)
    else:  # RFC 6979, and the lower of the two s
        private = ec.derive_private_key(int.from_bytes(key, "big"), ec.SECP256R1())
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        signature = r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")
    return cbor(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def parse_signed(signed):
    """The header's kind, its bytes, the payload, the signature."""
    match strict(signed):
        case cbor2.CBORTag(tag=18, value=[bytes(protected), Mapping() as other, bytes(payload), bytes(signature)]) if not other:
            header = strict(protected)
        case _:
            raise Refused("malformed")
    conforms("answer", signed)
    typ = header.get(16) if isinstance(header, Mapping) else None
    if typ in RULES and typ not in FROM_DEVICE:
        raise Refused("unauthenticated")
    conforms("answer-header", protected)
    return typ, protected, payload, signature


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def verify(channel, key, protected, payload, signature):
    if protected[2] != sign_header(0, key)[2]:
        raise Refused("malformed")
    message = to_be_signed(channel, protected, payload)
    try:
        if len(key) == 32:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if s > ORDER // 2:
            raise InvalidSignature
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("unauthenticated") from None


def raw_point(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


P = 2**255 - 19
# The y of the points whose order divides 8.
EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
SMALL_ORDER = {0, 1, P - 1, EIGHTH, P - EIGHTH}


def verifying_key(key):
    """Canonical, on the curve, not of small order."""
    if len(key) == 33:
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        except ValueError:
            raise Refused("unauthenticated") from None
        if raw_point(point) != key:
            raise Refused("unauthenticated")
        return
    y = int.from_bytes(key, "little") & (2**255 - 1)
    d = -121665 * pow(121666, -1, P)
    square = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    if y >= P or y in SMALL_ORDER or pow(square, (P - 1) // 2, P) != 1:
        raise Refused("unauthenticated")


# ------------------------------------------------------------------------------------------ section 6: payloads

# The types once more, for those rules that stand in no schema: they take them for granted.
DENIAL = [int, bytes, bytes, int, int, int, bytes]
TYPES = {
    "challenge": [int, bytes, [bytes], int, int, bytes, int, (int, int, bytes), (int, int), dict, bytes],
    "approve": [int, bytes, bytes, bytes, int, str, str, int, int, bytes],
    "deny": DENIAL,
    "report": DENIAL,
    "result": [int, bytes, bytes, int, int, int, int, bytes],
    "cancel": [int, bytes, int, int, bytes],
    "fetch": [int, bytes, bytes, int, bytes],
    "pending": [int, bytes, int, [bytes], bytes],
    "enrol-request": [int, bytes, bytes, int, bytes, str, (int, bytes), int, int, bytes],
    "enrol-response": [int, bytes, bytes, int, [(bytes, str, int, (int, int))], int, bytes],
    "update": [int, bytes, [(int, bytes)], [(bytes, int)], str, int, int, bytes],
    "rotate": [int, bytes, bytes, int, int, bytes, str, int, int, bytes],
    "ticket": [int, bytes, bytes, bytes, int, bytes, bytes, int, bytes],
}


def typed(item, kind):
    """A list of one type is any number of them, up to eight."""
    match kind:
        case [one]:
            return isinstance(item, list) and len(item) <= 8 and all(typed(each, one) for each in item)
        case [*kinds]:
            return isinstance(item, list) and len(item) == len(kinds) and all(map(typed, item, kinds))
    return type(item) is kind


def read_payload(typ, plain, around=lambda length: length):
    """The fields; `around` is the length of the whole plaintext."""
    fields = strict(plain)
    rule = RULES[typ]
    match rule, fields:
        case "enrol-request", [_, _, _, 1 | 2 as alg, bytes(key), *_] if len(key) != 31 + alg:
            raise Refused("unauthenticated")
    conforms(rule, plain)
    if not typed(fields, TYPES[rule]):
        raise Refused("malformed")
    if not (padding(plain, fields[-1], around) and joined(rule, fields)):
        raise Refused("malformed")
    return fields


def padding(plain, pad, around):
    """Section 7."""
    base = len(plain) - len(cbor(pad))
    right = next((n for n in range(88) if around(base + len(cbor(bytes(n)))) % 64 == 0), None)
    return right == len(pad) and not any(pad)


def around_signature(length):
    return len(cbor(cbor2.CBORTag(18, [bytes(7), {}, bytes(length), bytes(64)]))) if length >= 0 else 0


def ascending(ids):
    return all(a < b for a, b in zip(ids, ids[1:]))


def displayable(text, most):
    """Section 15."""
    hidden = [(0, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069), (0xFEFF, 0xFEFF)]
    if type(text) is not str or not 1 <= len(text.encode()) <= most:
        return False
    return not any(first <= ord(c) <= last for c in text for first, last in hidden)


LIMITS = {0: 64, 2: 128, 6: 64, 8: 128, 10: 256}


def entry(key, value):
    if type(key) is not int or not 0 <= key < 24:
        return False
    if key in LIMITS:
        return displayable(value, LIMITS[key])
    if key == 4:
        return type(value) is bytes and len(value) in (4, 16)
    value = value.encode() if type(value) is str else value
    return key % 2 == 1 and (type(value) is int and value >= 0 or type(value) is bytes and len(value) <= 256)


def context(ctx):
    return {0, 2} <= set(ctx) and len(ctx) <= 16 and all(entry(key, value) for key, value in ctx.items())


def passcode_kind(otp):
    return otp[0] != 1 or otp[1] == 8


def number(mode, digits, choices):
    match mode:
        case 0:
            return digits == 0 and not choices
        case 1:
            return 2 <= digits <= 8 and not choices
    return digits == 2 and len(choices) == 3 and len(set(choices)) == 3 and max(choices) < 100


def joined(rule, fields):
    """The rules that CDDL cannot say."""
    match rule, fields:
        case "challenge", [_, _, tids, iat, exp, _, pol, num, otp, ctx, _]:
            fits = number(*num) and passcode_kind(otp) and context(ctx) and (not pol & 8 or num[0] == 1)
            return fits and ascending(tids) and iat < exp <= iat + 600
        case "result", [_, _, _, status, left, fails, _, _]:
            return (left in (1, 2) if status == 6 else left == 0) and (status == 0 or fails == 0)
        case "enrol-request", [_, _, _, _, _, name, *_]:
            return displayable(name, 64)
        case "enrol-response", [_, _, _, status, tokens, _, _]:
            infos = all(displayable(name, 64) and passcode_kind(otp) for _, name, _, otp in tokens)
            return (status == 1) == (not tokens) and ascending([tid for tid, *_ in tokens]) and infos
        case "update", [_, _, address, push, name, *_]:
            named = not name or displayable(name, 64)
            return len(address) <= 1 and ascending([tid for tid, _ in push]) and named and any((address, push, name))
        case "rotate", [_, _, _, _, step, epk, code, *_]:
            return len(epk) == (0 if step else 32) and len(code.encode()) == 8
    return True


# ---------------------------------------------------------------------------------------- section 12: who reads what


def device_reads(channel, message, now):
    typ, plain = open_envelope(channel, message)
    fields = read_payload(typ, plain)
    if typ == 65290:
        raise Refused("unauthenticated")
    if typ == 65281 and fields[3] > now + 120:
        raise Refused("retry")
    if typ == 65281 and fields[4] < now - 120:
        raise Refused("final")
    return typ, plain, fields


def server_reads(channel, message, key):
    signed, _ = open_frame(channel, message, channel.d2s_kid, channel.under_kid())
    try:
        typ, protected, payload, signature = parse_signed(signed)
        if typ == 65289:
            raise Refused("unauthenticated")
        verify(channel, key, protected, payload, signature)
    except Refused as refused:
        raise Refused(refused.kind, opened=True) from None
    try:
        fields = read_payload(typ, payload, around_signature)
        if typ in (65287, 65291) and fields[1] != channel.did:
            raise Refused("malformed")
        if typ == 65292 and fields[5]:
            receiver(keystream(bytes(32), 32), fields[5], channel.under_ticket())  # of small order, with any key
    except Refused as refused:
        raise Refused(refused.kind, opened=True, answered=True) from None
    return typ, payload, fields, signed


def enrolling_server_reads(channel, message, eid, psk):
    signed, run = open_frame(channel, message, eid, channel.under_eid(eid, psk))
    try:
        typ, protected, payload, signature = parse_signed(signed)
        if typ != 65289:
            raise Refused("unauthenticated")
        fields = read_payload(typ, payload, around_signature)
        verifying_key(fields[4])
        verify(channel, fields[4], protected, payload, signature)
        if fields[1] != eid or fields[2] != channel.export(run, "bind", 32):
            raise Refused("unauthenticated")
    except Refused as refused:
        raise Refused(refused.kind, opened=True) from None
    return payload, signed, run


def enrolling_device_reads(channel, message, eid, rh):
    typ, plain = open_envelope(channel, message)
    fields = read_payload(typ, plain)
    if typ != 65290:
        raise Refused("unauthenticated")
    if fields[1] != eid or fields[2] != rh:
        raise Refused("rejected")
    return plain, fields


def rotating_device_reads(channel, message, asked, private):
    """The ticket's nonce, for a device that sent `asked`: the request's fields and its hash."""
    (_, rid, tid, generation, *_), rh = asked
    typ, plain = open_envelope(channel, message)
    fields = read_payload(typ, plain)
    if typ != 65293:
        raise Refused("unauthenticated")
    if fields[2] != rh or fields[3] != tid:
        raise Refused("rejected")
    if fields[1] != rid or fields[4] != generation + 1:
        raise Refused("malformed")
    run = receiver(private, fields[5], channel.under_ticket())
    return plain, fields, opened(run.aead, run.nonce, fields[6], rh)
