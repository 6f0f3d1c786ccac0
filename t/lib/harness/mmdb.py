# SPDX-License-Identifier: BSD-2-Clause
"""A MaxMind DB file of countries, as the published format (MaxMind DB File Format Specification 2.0) has it: a search
tree of 24-bit records over the bits of an address, 16 zero bytes, the data, and behind a marker what describes it
all."""
import ipaddress
import os
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"


def _field(value):
    if isinstance(value, str):
        data, kind = value.encode(), 2
    elif isinstance(value, dict):
        body = b"".join(_field(key) + _field(item) for key, item in value.items())
        return bytes([7 << 5 | len(value)]) + body
    elif isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(_field(item) for item in value)
    else:
        size, number = value
        data = number.to_bytes(size, "big").lstrip(b"\0")
        return (bytes([{2: 5, 4: 6}[size] << 5 | len(data)]) if size < 8 else bytes([len(data), 9 - 7])) + data
    if len(data) > 28:
        return bytes([kind << 5 | 29, len(data) - 29]) + data
    return bytes([kind << 5 | len(data)]) + data


def write_countries(path, networks):
    """`networks`: {"127.0.0.0/30": "DE", "2001:db8::/32": "AT"}, none within another. Replaces the file by a rename."""
    nodes = [[None, None]]
    for text, country in networks.items():
        network = ipaddress.ip_network(text)
        bits, length = int(network.network_address), network.prefixlen
        length += 96 if network.version == 4 else 0      # IPv4 stands below ::/96
        node = 0
        for depth in range(length):
            side = bits >> (127 - depth) & 1
            if depth == length - 1:
                nodes[node][side] = country
                break
            if nodes[node][side] is None:
                nodes.append([None, None])
                nodes[node][side] = len(nodes) - 1
            node = nodes[node][side]
    data, places = b"", {}
    for country in sorted(set(networks.values())):
        places[country] = len(data)
        data += _field({"country": {"iso_code": country}})

    def record(value):
        if value is None:
            value = len(nodes)
        elif isinstance(value, str):
            value = len(nodes) + 16 + places[value]
        return struct.pack(">I", value)[1:]

    tree = b"".join(record(left) + record(right) for left, right in nodes)
    about = {"binary_format_major_version": (2, 2), "binary_format_minor_version": (2, 0),
             "build_epoch": (8, 1700000000),
             "database_type": "Test-Country", "description": {"en": "for tests"}, "ip_version": (2, 6),
             "languages": ["en"], "node_count": (4, len(nodes)), "record_size": (2, 24)}
    with open(path + ".new", "wb") as file:
        file.write(tree + bytes(16) + data + MARKER + _field(about))
    os.chmod(path + ".new", 0o644)
    os.rename(path + ".new", path)
