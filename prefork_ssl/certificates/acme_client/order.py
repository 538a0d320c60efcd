"""Getting a certificate from an ACME CA (RFC 8555), proving control of each host by http-01 through a webroot.

The `acme` library speaks the protocol. Here is who we are (an account key, kept between calls), the order, and the
files under .well-known/acme-challenge/ that the running server hands out while the CA looks for them.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from josepy import errors as jose_errors
from josepy import jwa, jwk

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.acme_client import webroot
from prefork_ssl.certificates.errors import CertificateError

# How long the CA may take for its checks and for the certificate.
_PATIENCE = datetime.timedelta(minutes=3)

_USER_AGENT = "prefork-ssl-cert"


class Account:
    """An account at an ACME CA, known to it by its key."""

    def __init__(self, directory_url: str, key: keys.PrivateKey) -> None:
        """Read the CA's directory; CertificateError if it cannot be had or the key is of no kind that ACME knows."""
        self._url = directory_url
        self._key, algorithm = _jwk(key)
        network = client.ClientNetwork(self._key, alg=algorithm, user_agent=_USER_AGENT)
        with _reported(directory_url):
            directory = client.ClientV2.get_directory(directory_url, network)
            self._client = client.ClientV2(directory, network)

    def log_in(self, email: str | None, agrees: Callable[[str], bool]) -> None:
        """Find the account, or open one if the key is new to the CA.

        Args:
            email: where the CA may write to; None to leave it out.
            agrees: is asked with the URL of the terms of service before an account is opened, if the CA has any.
        """
        with _reported(self._url):
            if not self._find():
                self._open(email, agrees)

    def _find(self) -> bool:
        question = messages.NewRegistration(only_return_existing=True)
        try:
            self._client.new_account(question)
        except errors.ConflictError as found:
            # The library's way to say that the account is there, and where.
            account = messages.RegistrationResource(uri=found.location, body=messages.Registration())
            self._client.query_registration(account)
            return True
        except messages.Error as error:
            if error.code != "accountDoesNotExist":
                raise
        return False

    def _open(self, email: str | None, agrees: Callable[[str], bool]) -> None:
        terms = self._client.directory.meta.terms_of_service
        if terms and not agrees(terms):
            raise CertificateError(f"an account needs your agreement to {terms}: give --agree-terms")
        self._client.new_account(
            messages.NewRegistration.from_data(email=email, terms_of_service_agreed=bool(terms))
        )

    def certificate(self, request: x509.CertificateSigningRequest, root: Path) -> bytes:
        """Order what the request asks for, prove control through the webroot, and return the chain in PEM.

        Raises:
            CertificateError: the CA refuses, cannot see the challenges, or takes too long.
            OSError: the webroot cannot be written.
        """
        deadline = datetime.datetime.now() + _PATIENCE
        with _reported(self._url), ExitStack() as cleanup:
            order = self._client.new_order(request.public_bytes(Encoding.PEM))
            for authorization in order.authorizations:
                self._answer(authorization, root, cleanup)
            finished = self._client.poll_and_finalize(order, deadline)
        return str(finished.fullchain_pem).encode()

    def _answer(self, authorization: messages.AuthorizationResource, root: Path, cleanup: ExitStack) -> None:
        """Put the answer to one host's challenge into the webroot and tell the CA; `cleanup` takes it away."""
        if authorization.body.status == messages.STATUS_VALID:
            return
        offer = _http_01(authorization)
        response, validation = offer.response_and_validation(self._key)
        cleanup.enter_context(webroot.serving(root, offer.chall.path, validation))
        self._client.answer_challenge(offer, response)


def _jwk(key: keys.PrivateKey) -> tuple[jwk.JWK, jwa.JWASignature]:
    """The account key as JOSE has it, and the algorithm to sign with (RFC 7518 3.1)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return jwk.JWKRSA(key=key), jwa.RS256
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size == 256:
        return jwk.JWKEC(key=key), jwa.ES256
    raise CertificateError("the account key must be RSA or EC with 256 bits")


def _http_01(authorization: messages.AuthorizationResource) -> messages.ChallengeBody:
    for offer in authorization.body.challenges:
        if isinstance(offer.chall, challenges.HTTP01):
            return offer
    raise CertificateError(f"the CA offers no http-01 for {authorization.body.identifier.value}")


@contextmanager
def _reported(url: str) -> Iterator[None]:
    """Turn whatever the library and the network raise into one line."""
    try:
        yield
    except errors.TimeoutError as error:
        raise CertificateError(f"{url} took longer than {_PATIENCE}") from error
    except (errors.Error, requests.RequestException, jose_errors.Error) as error:
        raise CertificateError(f"{url}: {error}") from error
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        # What the library runs into when an answer is not what the protocol says.
        raise CertificateError(f"{url} does not answer as an ACME CA should: {error}") from error
