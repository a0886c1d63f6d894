"""What openssl, which knows nothing of us, makes of the certificates that people download."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.request import urlopen

END = "-----END CERTIFICATE-----\n"


def openssl(*arguments: str, given: bytes = b"") -> str:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def verified_names(server_pem: str, *, origin: str, folder: Path) -> set[str]:
    """The host names of a downloaded server file, whose chain leads to the root that the house publishes."""
    leaf, *intermediates = (part + END for part in server_pem.split(END) if part.strip())
    with urlopen(f"{origin}/sandbox-ca/root.cer") as answer:  # noqa: S310 - the test's own server
        root = openssl("x509", "-inform", "DER", given=answer.read())
    for name, text in {"leaf": leaf, "between": "".join(intermediates), "root": root}.items():
        (folder / name).write_text(text)
    # The house's clock stands on another day than this machine's.
    files = ["-CAfile", str(folder / "root"), "-untrusted", str(folder / "between"), str(folder / "leaf")]
    assert openssl("verify", "-no_check_time", "-x509_strict", *files).strip().endswith("OK")
    return set(re.findall(r"DNS:([^,\s]+)", openssl("x509", "-noout", "-ext", "subjectAltName", given=leaf.encode())))
