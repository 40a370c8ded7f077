"""Which IP addresses belong to the public internet, so that a server may visit them for a stranger."""

from __future__ import annotations

import ipaddress

CLOSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # the inside of a large cloud, under an address that looks public
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""What the registries of special-purpose addresses set aside, and what carries an IPv4 address inside it
(Teredo lies in 2001::/23, 6to4 is 2002::/16). Written out, because the standard library's own list differs
between versions of Python; it is asked as well."""

PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out to the public. Loopback, mapped IPv4, NAT64, unique local, link
local, site local and multicast addresses all lie outside it."""

_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)
"""The third quarter of an IPv6 address whose last quarter is an IPv4 address to tunnel to."""


def is_public(address: str) -> bool:
    """Whether an IP address, IPv4 or IPv6 in its usual spelling, is one of the public internet.

    False for private, loopback, link-local, metadata, multicast and reserved addresses, for IPv6 addresses
    that carry an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64, ISATAP), for addresses with a zone,
    and for whatever is no IP address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and not _is_plain_ipv6(parsed):
        return False
    closed = any(parsed in network for network in CLOSED_NETWORKS if network.version == parsed.version)
    return parsed.is_global and not closed and not parsed.is_multicast


def _is_plain_ipv6(address: ipaddress.IPv6Address) -> bool:
    carries_ipv4 = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP_MARKS
    return address in PUBLIC_IPV6 and address.scope_id is None and not carries_ipv4
