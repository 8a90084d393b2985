"""How much the endpoint takes at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EndpointLimits:
    """Bounds on one request; each is told in a clear message when it is met.

    Attributes:
        max_body_bytes: size of the request.
        max_texts: texts in a request.
        max_text_chars: characters of a text.
        max_waiting_texts: texts of all requests that wait for the model; beyond them, who asks is told to come back.
        max_waiting_chars: characters of all these texts, which bounds the memory that they take.
        body_seconds: time that a request may take to arrive.
    """

    max_body_bytes: int = 8_000_000
    max_texts: int = 4_000
    max_text_chars: int = 20_000
    max_waiting_texts: int = 50_000
    max_waiting_chars: int = 32_000_000
    body_seconds: float = 30.0


ENDPOINT_LIMITS = EndpointLimits()
