"""A provider of identities for tests: OpenID Connect with the few answers that signing in needs."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "studio"


class IdentityProvider:
    """A provider that says of everybody who comes what `claims` says, without asking for a password.

    Attributes:
        claims: what it says of whoever signs in next.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self._key = RSAKey.generate_key(2048, parameters={"kid": "one", "alg": "RS256", "use": "sig"})
        self._nonces: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def secrets_for(self, app: str) -> str:
        """The content of a secrets.toml with which the app at an address lets people sign in here."""
        return (
            f'[auth]\nredirect_uri = "{app}/oauth2callback"\ncookie_secret = "{secrets.token_urlsafe(32)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "told to nobody"\n'
            f'server_metadata_url = "{self.url}/.well-known/openid-configuration"\n'
        )

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: dict[str, list[str]]) -> dict[str, Any] | str:
        """The JSON value, or the address to go to, for a request."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        if path == "/keys":
            return {"keys": [self._key.as_dict(private=False)]}
        if path == "/authorize":
            code = secrets.token_hex(8)
            self._nonces[code] = query["nonce"][0]
            return f"{query['redirect_uri'][0]}?{urlencode({'code': code, 'state': query['state'][0]})}"
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self._token(query["code"][0]),
        }

    def _token(self, code: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 600, "nonce": self._nonces[code]}
        return jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.claims}, self._key)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(urlsplit(self.path).query)

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _answer(self, query: str) -> None:
                found = provider.answer(urlsplit(self.path).path, parse_qs(query))
                self.send_response(302 if isinstance(found, str) else 200)
                body = b"" if isinstance(found, str) else json.dumps(found).encode()
                if isinstance(found, str):
                    self.send_header("Location", found)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler
