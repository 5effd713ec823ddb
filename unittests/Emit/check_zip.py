# SPDX-License-Identifier: Apache-2.0
"""Checks a package with Python's zipfile: check_zip.py FILE. Exit code 0 if it keeps every rule of docs/spec/package.md."""
import hashlib
import json
import struct
import sys
import zipfile


def data_offset(raw, info):
    name_bytes, extra_bytes = struct.unpack_from("<HH", raw, info.header_offset + 26)
    return info.header_offset + 30 + name_bytes + extra_bytes


def main(path):
    raw = open(path, "rb").read()
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        infos = package.infolist()
        names = [i.filename for i in infos]
        assert names == sorted(names, key=lambda n: n.encode()), names
        manifest = json.loads(package.read("seqc.json"))
        assert set(manifest["files"]) == set(names) - {"seqc.json"}
        for info in infos:
            offset = data_offset(raw, info)
            assert offset % 64 == 0, (info.filename, offset)
            assert info.compress_type == zipfile.ZIP_STORED and info.date_time == (1980, 1, 1, 0, 0, 0)
            data = package.read(info)
            assert data == raw[offset:offset + info.file_size]
            if info.filename != "seqc.json":
                entry = manifest["files"][info.filename]
                assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}, info.filename
    assert list(manifest) == sorted(manifest)


main(sys.argv[1])
