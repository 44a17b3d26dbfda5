# SPDX-License-Identifier: MIT
"""Tokens of python3-jwcrypto, python3-jwt and npm's jose are verified; no mutation of them is."""
import base64
import json
import random
import subprocess
import time

import pytest

import harness
import npm

jwk = pytest.importorskip("jwcrypto.jwk")
jws = pytest.importorskip("jwcrypto.jws")
pyjwt = pytest.importorskip("jwt")

PROGRAM = harness.CANDOR.parent / "tests/access/verify-tokens"
ALGORITHMS = {
    "HS256": {"kty": "oct", "size": 256}, "HS384": {"kty": "oct", "size": 384},
    "HS512": {"kty": "oct", "size": 512},
    "RS256": {"kty": "RSA", "size": 2048}, "RS384": {"kty": "RSA", "size": 2048},
    "RS512": {"kty": "RSA", "size": 3072},
    "PS256": {"kty": "RSA", "size": 2048}, "PS384": {"kty": "RSA", "size": 2048},
    "PS512": {"kty": "RSA", "size": 3072},
    "ES256": {"kty": "EC", "crv": "P-256"}, "ES384": {"kty": "EC", "crv": "P-384"},
    "ES512": {"kty": "EC", "crv": "P-521"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}


@pytest.fixture(scope="module", name="pairs")
def make_pairs():
    return {name: jwk.JWK.generate(kid=f"key-{name}", **kind) for name, kind in ALGORITHMS.items()}


def verify(keys, tokens, *arguments):
    """The verdicts; `keys` is a file."""
    done = subprocess.run([PROGRAM, keys, *map(str, arguments)], input="\n".join(tokens) + "\n",
                          capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def as_set(path, *keys):
    exported = [json.loads(key.export() if key["kty"] == "oct" else key.export_public())
                for key in keys]
    path.write_text(json.dumps({"keys": exported}))
    return path


def claims(**more):
    return {"sub": "ann", "exp": int(time.time()) + 600, **more}


def sign(key, algorithm, payload=None, **header):
    token = jws.JWS(json.dumps(payload or claims()).encode())
    token.allowed_algs = [algorithm]
    token.add_signature(key, algorithm, json.dumps({"alg": algorithm, **header}))
    return token.serialize(compact=True)


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


# RFC 7518 §3.1, RFC 8037 §3.1
def test_every_algorithm_of_jwcrypto_is_verified(pairs, tmp_path):
    keys = as_set(tmp_path / "keys", *pairs.values())
    tokens = [sign(pair, name, kid=pair["kid"]) for name, pair in pairs.items()]
    assert verify(keys, tokens) == ["valid ann"] * len(ALGORITHMS)
    # Without the name of a key, all that are for the algorithm are tried.
    assert verify(keys, [sign(pair, name) for name, pair in pairs.items()]) == \
        ["valid ann"] * len(ALGORITHMS)


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name[:2] != "HS"])
def test_every_algorithm_of_pyjwt_is_verified_by_pem(pairs, name, tmp_path):
    pair = pairs[name]
    (tmp_path / "pem").write_bytes(pair.export_to_pem())
    private = pair.export_to_pem(private_key=True, password=None)
    token = pyjwt.encode(claims(aud=["x", "files"], iss="https://a/"), private, algorithm=name)
    now = int(time.time())
    arguments = (now, "https://a/", "files")
    assert verify(tmp_path / "pem", [token], *arguments) == ["valid ann"]
    assert verify(tmp_path / "pem", [token], now + 601, *arguments[1:]) == ["expired "]
    assert verify(tmp_path / "pem", [token], now, "https://b/") == ["wrong-issuer "]
    assert verify(tmp_path / "pem", [token], now, "", "photos") == ["wrong-audience "]


def test_a_certificate_is_a_key(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "private", "-out",
                    tmp_path / "certificate", "-subj", "/CN=test", "-days", "2"],
                   check=True, capture_output=True, timeout=30)
    token = pyjwt.encode(claims(), (tmp_path / "private").read_bytes(), algorithm="ES256")
    assert verify(tmp_path / "certificate", [token]) == ["valid ann"]


# RFC 9864 §2.2
def test_ed25519_has_two_names(pairs, tmp_path):
    keys = as_set(tmp_path / "keys", pairs["EdDSA"])
    head, payload, _ = sign(pairs["EdDSA"], "EdDSA").split(".")
    head = encode(decode(head).replace(b"EdDSA", b"Ed25519"))
    private = pairs["EdDSA"].get_op_key("sign")
    token = f"{head}.{payload}." + encode(private.sign(f"{head}.{payload}".encode()))
    assert verify(keys, [token]) == ["valid ann"]


def test_every_mutation_is_refused(pairs, tmp_path):
    random.seed(7515)
    for name, pair in pairs.items():
        keys = as_set(tmp_path / "keys", pair)
        token = sign(pair, name)
        mutations = set()
        while len(mutations) < 60:
            at = random.randrange(len(token))
            other = random.choice("ABab01-_.=")
            mutations |= {token[:at] + other + token[at + 1:], token[:at] + token[at + 1:],
                          token[:at] + other + token[at:], token[:at]}
        mutations = sorted(mutations - {token})
        verdicts = verify(keys, mutations)
        assert len(verdicts) == len(mutations)
        assert [m for m, v in zip(mutations, verdicts) if v.startswith("valid")] == []


# RFC 7518 §3.4: r and s are of the curve's length, and 0 < r, s < n
@pytest.mark.parametrize("name", ["ES256", "ES384", "ES512"])
def test_signatures_of_another_form_are_refused(pairs, name, tmp_path):
    keys = as_set(tmp_path / "keys", pairs[name])
    head, payload, signature = sign(pairs[name], name).split(".")
    pair = decode(signature)
    half = len(pair) // 2
    order = {"ES256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
             "ES384": int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
             "ES512": int("1" + "f" * 65 + "a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb"
                          "71e91386409", 16)}[name]
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    r, s = int.from_bytes(pair[:half], "big"), int.from_bytes(pair[half:], "big")
    zero, one, n = bytes(half), (1).to_bytes(half, "big"), order.to_bytes(half, "big")
    forms = [encode_dss_signature(r, s), b"\0" + pair, pair + b"\0", pair[:-1], pair[1:],
             b"\0" + pair[:half] + b"\0" + pair[half:], zero * 2, zero + one, one + zero, one * 2,
             n + pair[half:], pair[:half] + n, n * 2, pair[half:] + pair[:half], pair * 2, b"",
             pair[:half], b"\xff" * (2 * half)]
    tokens = [f"{head}.{payload}.{encode(form)}" for form in forms]
    assert verify(keys, [f"{head}.{payload}.{signature}"]) == ["valid ann"]
    assert verify(keys, tokens) == ["bad-signature "] * len(forms)


# RFC 8725 §2.1, §3.1
def test_no_algorithm_stands_for_another(pairs, tmp_path):
    for name, pair in pairs.items():
        keys = as_set(tmp_path / "keys", pair)
        head, payload, signature = sign(pair, name).split(".")
        for other in [*ALGORITHMS, "none", "HS1", "RS1", "ES256K", "RSA-OAEP", "Ed448"]:
            if other == name:
                continue
            changed = encode(decode(head).replace(f'"{name}"'.encode(), f'"{other}"'.encode()))
            verdicts = verify(keys, [f"{changed}.{payload}.{signature}", f"{changed}.{payload}."])
            assert [v for v in verdicts if v.startswith("valid")] == []


def test_a_key_that_names_its_algorithm_is_for_no_other(pairs, tmp_path):
    key = json.loads(pairs["RS256"].export_public())
    (tmp_path / "keys").write_text(json.dumps({**key, "alg": "PS256"}))
    tokens = [sign(pairs["RS256"], name) for name in ("RS256", "PS256", "PS384")]
    assert verify(tmp_path / "keys", tokens) == ["wrong-algorithm ", "valid ann",
                                                 "wrong-algorithm "]


def test_tokens_that_are_sealed_or_in_json_are_none_of_these(pairs, tmp_path):
    keys = as_set(tmp_path / "keys", pairs["ES256"])
    whole = jws.JWS(b"{}")
    whole.add_signature(pairs["ES256"], "ES256", json.dumps({"alg": "ES256"}))
    head, payload, signature = sign(pairs["ES256"], "ES256").split(".")
    tokens = [whole.serialize(), f"{head}..{payload}.{signature}.x", f"{head}..{signature}",
              f"{head}.{payload}", f".{payload}.{signature}", f" {head}.{payload}.{signature}"]
    assert verify(keys, tokens) == ["malformed "] * len(tokens)


JOSE = """
import * as jose from "%s";
const tokens = [], keys = [];
for (const alg of JSON.parse(process.argv[2])) {
    let key, shown;
    if (alg.startsWith("HS")) {
        key = new Uint8Array(64).fill(7);
        shown = { kty: "oct", k: jose.base64url.encode(key) };
    } else {
        const pair = await jose.generateKeyPair(alg, { extractable: true });
        key = pair.privateKey;
        shown = await jose.exportJWK(pair.publicKey);
    }
    keys.push({ ...shown, kid: alg, alg, use: "sig" });
    tokens.push(await new jose.SignJWT({ scope: "read" }).setProtectedHeader({ alg, kid: alg })
        .setSubject("ann").setIssuer("https://a/").setAudience("files").setIssuedAt()
        .setExpirationTime("5m").sign(key));
}
console.log(JSON.stringify({ keys, tokens }));
"""


def test_every_algorithm_of_jose_is_verified(tmp_path):
    address = npm.module("jose@5.9.6")
    names = list(ALGORITHMS)
    made = npm.node(JOSE % address, json.dumps(names))
    (tmp_path / "keys").write_text(json.dumps({"keys": made["keys"]}))
    now = int(time.time())
    assert verify(tmp_path / "keys", made["tokens"], now, "https://a/", "files") == \
        ["valid ann"] * len(names)
    swapped = made["tokens"][1:] + made["tokens"][:1]
    mixed = [f"{a.rpartition('.')[0]}.{b.rpartition('.')[2]}"
             for a, b in zip(made["tokens"], swapped)]
    assert verify(tmp_path / "keys", mixed, now) == ["bad-signature "] * len(names)
