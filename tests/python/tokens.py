"""Somebody else's service: believes access tokens by the published keys, with PyJWT. Takes one JSON
argument, prints one JSON result on its last line."""

import json
import sys

import jwt

asked = json.loads(sys.argv[1])


def main():
    keys = jwt.PyJWKClient(asked["jwks_url"])
    token = asked["access_token"]
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token, key.key, algorithms=["EdDSA"], issuer="kontor",
        options={"require": ["iss", "sub", "sid", "iat", "exp", "jti"]},
    )
    header, _, signature = token.split(".")
    changed = dict(claims, sub="00000000-0000-0000-0000-000000000000")
    forged = ".".join([header, jwt.utils.base64url_encode(json.dumps(changed).encode()).decode(),
                       signature])
    try:
        jwt.decode(forged, key.key, algorithms=["EdDSA"], issuer="kontor")
        believed = True
    except jwt.InvalidSignatureError:
        believed = False
    print(json.dumps({"claims": claims, "forged_believed": believed,
                      "algorithm": jwt.get_unverified_header(token)["alg"]}))


main()
