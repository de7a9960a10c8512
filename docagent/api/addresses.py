"""Which addresses the server may call: public ones, and those that its administrator allows."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from docagent.errors import StoreError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""From a host name and port to its IP addresses. Raises OSError if there are none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """A URL with the address that was checked, to which the connection must go.

    url: as given, with the name replaced by the address. host: value of the Host header. name: for
    the certificate of the server.
    """

    url: str
    host: str
    name: str


def resolve(name: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_target(url: str, allowed: Sequence[Network] = (), resolver: Resolve = resolve) -> Target:
    """Resolve a URL and check every address of its host.

    allowed: private networks that may be called all the same, also without TLS. Raises StoreError
    for a URL that is not https, has a password, or leads to an address that is not public.
    """
    parts = urlsplit(url)
    try:
        given = parts.port
        port = (443 if parts.scheme == "https" else 80) if given is None else given
    except ValueError:
        port = 0
    name = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not name or not port or "@" in parts.netloc:
        raise _refused(url, "it is not an address such as https://example.com/hook")
    try:
        addresses = [_parse(text) for text in resolver(name, port)]
    except (OSError, UnicodeError, ValueError) as error:
        raise _refused(url, "its host name has no address") from error
    for address in addresses:
        is_allowed = any(address in network for network in allowed)
        if not is_allowed and not is_public(address):
            raise _refused(url, f"{name} is {address}, which is not a public address")
        if not is_allowed and parts.scheme != "https":
            raise _refused(url, "it is not https")
    chosen = addresses[0]
    literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
    return Target(pinned, parts.netloc, name)


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, whatever it is wrapped in."""
    inner = _unwrap(address)
    if inner is not address:
        return is_public(inner)
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special


def _unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to; itself if there is none."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _parse(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks separated by commas, such as ``10.0.0.0/8``. Raises ValueError."""
    parts = (part.strip() for part in text.split(","))
    return tuple(ipaddress.ip_network(part) for part in parts if part)


def _refused(url: str, reason: str) -> StoreError:
    return StoreError(f"webhook {url}: {reason}; give a public https address", "invalid")
