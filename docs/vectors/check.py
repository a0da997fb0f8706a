"""The vectors of this folder against docs/protocol.md, without a line of pushotp.

Opens every message from the raw keys and makes it again from its seed, derives every key, hash and code anew, checks the
payloads against docs/protocol.cddl, and refuses what must be refused, for the same reason.

    python3 -m venv VENV && VENV/bin/pip install cbor2==6.3.0 cryptography==50.0.2 pycddl==0.6.4
    VENV/bin/python docs/vectors/check.py [FOLDER]

The folder is that of the vectors. Prints how many cases of each kind there were; anything that differs ends it with an error.
It proves that it can fail: every value of every positive case is changed in turn, and must then be noticed.
"""

import base64
import collections
import functools
import json
import pathlib
import sys

sys.dont_write_bytecode = True  # the tree stays as it is

from reader import (  # noqa: E402
    device_reads,
    enrolling_device_reads,
    enrolling_server_reads,
    rotating_device_reads,
    seal_envelope,
    seal_frame,
    server_reads,
    sign,
)
from schedule import (  # noqa: E402
    RULES,
    Channel,
    Refused,
    challenge_hash,
    keystream,
    message_hash,
    next_secret,
    notation,
    passcode,
    rotation_hash,
    schema,
    sender,
    strict,
)
from states import outcome  # noqa: E402


def must(right, what):
    if not right:
        raise AssertionError(what)


def data(case, key):
    return bytes.fromhex(case[key])


def channel_of(keys):
    parts = [data(keys, key) for key in ("s2d_key", "d2s_psk", "s2d_kid", "d2s_kid")]
    return Channel(data(keys, "tenant"), data(keys, "did"), keys["epoch"], data(keys, "server_private"), parts)


def refuses(read, message):
    """Whether a message with any one of a few bytes changed is refused: what could not fail would prove nothing."""
    for at in {2, 11, len(message) // 2, len(message) - 1}:
        changed = bytearray(message)
        changed[at] ^= 1
        try:
            read(bytes(changed))
        except Refused:
            continue
        raise AssertionError(f"byte {at} does not matter")


def check_message(case, keys, others):
    channel, message, seed = channel_of(keys), data(case, "message"), data(case, "rng_seed")
    must(channel.server_public == data(keys, "server_public"), "server key")
    if "signed" in case:
        read = functools.partial(server_reads, channel, key=data(keys, "verifying_key"))
        typ, plain, fields, signed = read(message)
        must(signed == data(case, "signed"), "signed")
        must(signed == sign(channel, data(keys, "signing_key"), data(keys, "verifying_key"), typ, plain), "signature")
        again = seal_frame(channel, seed, channel.d2s_kid, channel.under_kid(), signed)
    else:
        read = functools.partial(device_reads, channel, now=keys["now"])
        typ, plain, fields = read(message)
        again = seal_envelope(channel, seed, typ, plain)
    must(message == again, "made again")
    must((typ, plain) == (case["typ"], data(case, "payload")), "payload")
    must(notation(fields) == case["fields"], "fields")
    must(message_hash(message) == data(case, "rh"), "rh")
    must((typ == 65281) == ("ch" in case), "ch")
    must(typ != 65281 or challenge_hash(channel.tenant, plain) == data(case, "ch"), "ch")
    answers(case, fields, keys, others)
    refuses(read, message)
    return RULES[typ]


def answers(case, fields, keys, others):
    """What a message says about another one."""
    about = others.get(case.get("about"))
    match RULES[case["typ"]]:
        case "approve":
            secret = next(data(s, "secret") for s in keys["secrets"] if data(s, "tid") == fields[3])
            is_bound = strict(data(about, "payload"))[8][0] == 1
            must(not is_bound or fields[6] == passcode(secret, fields[2]), "passcode")
            must(fields[2] == data(about, "ch"), "ch")
        case "deny" | "report":
            must(fields[2] == data(about, "ch"), "ch")
        case "result":
            must(fields[2] == data(about, "rh"), "rh")
        case "pending":
            must(fields[1] == strict(data(about, "payload"))[2], "n")
            for item in fields[3]:
                device_reads(channel_of(keys), item, keys["now"])


def offered(keys, offer):
    """The channel to come, the eid and the psk."""
    schema("offer").validate_cbor(offer)
    _, tenant, eid, did, epoch, public, psk, _, _ = strict(offer)
    channel = Channel(tenant, did, epoch, data(keys, "server_private"))
    must(channel.server_public == public, "server key")
    return channel, eid, psk


def check_enrolment(case, keys):
    offer, request, response = data(case, "offer"), data(case, "request"), data(case, "response")
    channel, eid, psk = offered(keys, offer)
    must("pushotp://enrol#" + base64.urlsafe_b64encode(offer).decode().rstrip("=") == case["uri"], "uri")
    read = functools.partial(enrolling_server_reads, channel, eid=eid, psk=psk)
    payload, signed, run = read(request)
    must((payload, signed) == (data(case, "request_payload"), data(case, "request_signed")), "request")
    must(signed == sign(channel, data(keys, "signing_key"), strict(payload)[4], 65289, payload), "signature")
    must(request == seal_frame(channel, data(case, "rng_seed"), eid, channel.under_eid(eid, psk), signed), "made again")
    must(message_hash(request) == data(case, "rh"), "rh")
    exports = case["exports"]
    for label, value in exports.items():
        if label != "token":
            must(channel.export(run, label, len(value) // 2).hex() == value, label)
    code = int.from_bytes(channel.export(run, "confirm", 8), "big") % 10**6
    must(f"{code:06}" == case["confirmation"], "confirmation")

    enrolled = channel.enrolled(run)
    take = functools.partial(enrolling_device_reads, enrolled, eid=eid, rh=data(case, "rh"))
    plain, fields = take(response)
    must(plain == data(case, "response_payload"), "response")
    must(response == seal_envelope(enrolled, data(case, "response_rng_seed"), 65290, plain), "made again")
    tokens = [(tid, channel.export(run, "token", 32, tid)) for tid, *_ in fields[4]]
    must(tokens == [(data(s, "tid"), data(s, "secret")) for s in exports["token"]], "tokens")
    must(notation(strict(payload)) == case["request_fields"] and notation(fields) == case["response_fields"], "fields")
    refuses(read, request)
    refuses(take, response)
    return "enrolment"


def check_rotation(case, keys):
    channel, verifying, signing = channel_of(keys), data(keys, "verifying_key"), data(keys, "signing_key")
    tid, generation, secret, seed = data(case, "tid"), case["generation"], data(case, "secret"), data(case, "rng_seed")
    rid, private = keystream(seed, 16), keystream(seed, 48)[16:]

    def rotate(name, seed, used, question, code, secret):
        message = data(case, name)
        typ, payload, fields, signed = server_reads(channel, message, verifying)
        must((payload, signed) == (data(case, f"{name}_payload"), data(case, f"{name}_signed")), name)
        must(signed == sign(channel, signing, verifying, typ, payload), "signature")
        must(message == seal_frame(channel, seed, channel.d2s_kid, channel.under_kid(), signed, used), "made again")
        must(fields[1:3] == [rid, tid] and notation(fields) == case[f"{name}_fields"], "fields")
        must(rotation_hash(channel, fields) == data(case, question), question)
        must(passcode(secret, data(case, question)) == case[code] == fields[6], code)
        return fields

    asked = rotate("request", seed, 48, "hash", "code", secret)
    must(asked[3:5] == [generation, 0], "step 0")
    rh, ticket, seed = message_hash(data(case, "request")), data(case, "ticket"), data(case, "ticket_rng_seed")
    must(rh == data(case, "rh"), "rh")
    read = functools.partial(rotating_device_reads, channel, asked=(asked, rh), private=private)
    plain, fields, nonce = read(ticket)
    must(plain == data(case, "ticket_payload") and notation(fields) == case["ticket_fields"], "ticket")
    must(nonce == data(case, "nonce") == keystream(seed, 32), "nonce")
    enc, run = sender(seed, asked[5], channel.under_ticket(), 32)
    must(fields[5:7] == [enc, run.aead.encrypt(run.nonce, nonce, rh)], "made again")
    must(ticket == seal_envelope(channel, seed, 65293, plain, 64), "made again")
    secret = next_secret(channel, tid, generation + 1, secret, nonce)
    must(secret == data(case, "next_secret"), "K'")
    shown = rotate("confirm", data(case, "confirm_rng_seed"), 0, "confirm_hash", "confirm_code", secret)
    must(shown[3:6] == [generation + 1, 1, b""], "step 1")
    refuses(read, ticket)
    return "rotation"


def waiting_for_a_ticket(keys):
    channel, case = channel_of(keys["channel"]), keys["rotation"]
    asked = strict(data(case, "request_payload")), message_hash(data(case, "request"))
    private = keystream(data(case, "rng_seed"), 48)[16:]
    return {"rotating_device": functools.partial(rotating_device_reads, channel, asked=asked, private=private)}


def seen_outside(read, message, is_device):
    """What a reader does about a message, in the words of the files."""
    try:
        read(message)
    except Refused as refused:
        seen = {"class": refused.kind, "outside": "nothing" if is_device else "reject"}
        if refused.answered:
            seen |= {"outside": "result", "status": 1}
        elif refused.opened:
            seen["incident"] = True
        return seen
    return {"outside": "accepted"}


def check_refusal(case, keys):
    if "offer" in keys:
        channel, eid, psk = offered(keys, data(keys, "offer"))
        _, _, run = enrolling_server_reads(channel, data(keys, "request"), eid, psk)
        waiting = {"eid": eid, "rh": message_hash(data(keys, "request"))}
        readers = {
            "enrolling_server": functools.partial(enrolling_server_reads, channel, eid=eid, psk=psk),
            "enrolling_device": functools.partial(enrolling_device_reads, channel.enrolled(run), **waiting),
        }
    elif "rotation" in keys:
        readers = waiting_for_a_ticket(keys)
    else:
        channel = channel_of(keys)
        readers = {
            "device": functools.partial(device_reads, channel, now=keys["now"]),
            "server": functools.partial(server_reads, channel, key=data(keys, "verifying_key")),
        }
    seen = seen_outside(readers[case["to"]], data(case, "message"), case["to"].endswith("device"))
    said = {key: case[key] for key in ("class", "outside", "status", "incident") if key in case}
    must(seen == said, f"seen {seen}, expected {said}")
    return "refused" if "class" in case else "accepted though it looks odd"


def check_sequence(case, _):
    said = {key: case[key] for key in ("status", "left", "collected", "class", "state") if key in case}
    seen = outcome(case["events"])
    must(seen == said, f"seen {seen}, expected {said}")
    return "sequence of events"


def check_passcode(case, _):
    must(passcode(data(case, "secret"), data(case, "ch")) == case["code"], "passcode")
    return "passcode"


def changed(value):
    """Every way to change one character of one value of a case, but its name and the remark."""
    if isinstance(value, str):
        last = value[-1:]
        yield value[:-1] + {"0": "1", "1": "0"}.get(last, "0")
    elif isinstance(value, int):
        yield value ^ 1
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from (value[:at] + [other] + value[at + 1:] for other in changed(item))
    else:
        for key, item in value.items():
            if key not in ("id", "comment"):
                yield from (value | {key: other} for other in changed(item))


def tampered(check, case, keys):
    """How many changes of a case there are, each of them noticed."""
    changes = 0
    for other in changed(case):
        try:
            check(other, keys)
        except Exception:
            changes += 1
            continue
        wrong = next(key for key in case if case[key] != other[key])
        raise AssertionError(f"{wrong} does not matter")
    return changes


def main(folder):
    files = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    must(files, "no vectors")
    messages = {case["id"]: case for file in files.values() if file["kind"] == "messages" for case in file["cases"]}
    checks = {
        "messages": functools.partial(check_message, others=messages),
        "enrolments": check_enrolment,
        "passcodes": check_passcode,
        "refused": check_refusal,
        "refused_enrolments": check_refusal,
        "refused_tickets": check_refusal,
        "rotations": check_rotation,
        "events": check_sequence,
    }
    counts, failures = collections.Counter(), 0
    for name, file in files.items():
        for case in file["cases"]:
            try:
                check = checks[file["kind"]]
                counts[check(case, file["keys"])] += 1
                if not file["kind"].startswith(("refused", "events")):
                    counts["values changed, each noticed"] += tampered(check, case, file["keys"])
            except Exception as error:
                failures += 1
                print(f"{name} {case['id']}: {type(error).__name__} {error}", file=sys.stderr)
    for kind, count in sorted(counts.items()):
        print(f"{count:5} {kind}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent))
