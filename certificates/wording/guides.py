"""How a certificate comes onto its server, for the eight kinds of servers that customers have: data, no behaviour.

Paths through menus and commands are the servers' own words and stay as they are; sentences are translated. Commands
hold `%(host)s`, `%(names)s` and the names of the files as they are downloaded here (see `Fillings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from certificates.x509 import Format, display_name
from certificates.x509.packing import file_name, stem
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a sentence, and where it is done in a menu or by which commands."""

    words: StrOrPromise
    code: str = ""
    menu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One kind of server: the files it reads, and what is done with them.

    `key_place` says where the private key is; `own_key` is what else is to do where the key was made in the browser.
    """

    server: str
    name: str
    known_as: tuple[str, ...]
    formats: tuple[Format, ...]
    request: tuple[Step, ...]
    key_place: StrOrPromise
    install: tuple[Step, ...]
    own_key: tuple[Step, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Fillings:
    """What the commands name: the customer's own host, names and files."""

    names: Sequence[str]
    thumbprint: str = ""

    def fill(self, code: str) -> str:
        return code % self.values if code else ""

    @property
    def host(self) -> str:
        """A host that a browser can open; of a wildcard, one that it covers."""
        return self.names[0].replace("*.", "www.", 1)

    @property
    def values(self) -> dict[str, str]:
        common_name = self.names[0]
        return {
            "common_name": common_name,
            "host": self.host,
            "names": ",".join(self.names),
            "dns": ",".join(f"DNS:{name}" for name in self.names),
            "stem": stem(common_name),
            "key": f"{stem(common_name)}.key",
            "csr": f"{stem(common_name)}.csr",
            "server": file_name(common_name, Format.SERVER),
            "leaf": file_name(common_name, Format.LEAF),
            "chain": file_name(common_name, Format.CHAIN),
            "p7b": file_name(common_name, Format.PKCS7),
            "thumbprint": self.thumbprint or "<thumbprint>",
        }


def guide_for(platform: str) -> Guide:
    """The guide for what a source calls the order's server, such as "Microsoft IIS 10"; nginx where it says nothing."""
    said = platform.casefold()
    # What is said last says most: Apache Tomcat is Tomcat, Microsoft Exchange is Exchange.
    return next((guide for guide in reversed(GUIDES) if any(word in said for word in guide.known_as)), GUIDES[0])


def guide_of(server: str) -> Guide | None:
    """The guide by its name in addresses: "nginx"."""
    return next((guide for guide in GUIDES if guide.server == server), None)


def fillings(names: Sequence[str], *, thumbprint: str = "") -> Fillings:
    """For the names of a certificate, its common name first; without any, for a host to be put in their place."""
    return Fillings(tuple(names) or ("www.example.com",), thumbprint)


def shown_host(names: Sequence[str]) -> str:
    """The host that checks are made on, as people read it."""
    return display_name(fillings(names).host)


_HAND_IN = Step(_("Hand in the request, the file that ends in .csr. The key, which ends in .key, stays on the server."))
_MAKE = Step(
    _("Make a key and a request on the server:"),
    'openssl req -new -newkey rsa:2048 -nodes -keyout %(key)s -out %(csr)s -subj "/CN=%(common_name)s" '
    '-addext "subjectAltName=%(dns)s"',
)
_KEY_FILE = _("The key is the file that was made with the request, on the server itself.")
_KEY_INSIDE = _(
    "The key is in the server's own store, where the request was made. It comes together with the certificate."
)
_COPY = _("Copy the certificate to the server, beside its key. Only the server may read the key:")
_NAME = _("Name both files in the configuration of the site:")
_TEST = _("Test the configuration, then load it:")
_RESTART = _("Restart the server, so that it reads the new certificate:")
_IMPORT = _("Import the downloaded file where the request was made:")
_CHOOSE = _("Choose the new certificate for the site:")
_JOIN = Step(
    _("Join the certificate and the key that you saved to one file; it asks for a password to protect it:"),
    "openssl pkcs12 -export -inkey %(key)s -in %(server)s -out %(stem)s.pfx",
)
_IMPORT_JOINED = _("Import this file in the place of the downloaded one, with its password:")

GUIDES: tuple[Guide, ...] = (
    Guide(
        server="nginx",
        name="nginx",
        known_as=("nginx",),
        formats=(Format.SERVER,),
        request=(_MAKE, _HAND_IN),
        key_place=_KEY_FILE,
        install=(
            Step(_COPY, "install -m 644 %(server)s /etc/nginx/\ninstall -m 600 %(key)s /etc/nginx/"),
            Step(_NAME, "ssl_certificate     /etc/nginx/%(server)s;\nssl_certificate_key /etc/nginx/%(key)s;"),
            Step(_TEST, "nginx -t && systemctl reload nginx"),
        ),
    ),
    Guide(
        server="apache",
        name="Apache",
        known_as=("apache", "httpd"),
        formats=(Format.SERVER,),
        request=(_MAKE, _HAND_IN),
        key_place=_KEY_FILE,
        install=(
            Step(_COPY, "install -m 644 %(server)s /etc/ssl/\ninstall -m 600 %(key)s /etc/ssl/"),
            Step(_NAME, "SSLCertificateFile    /etc/ssl/%(server)s\nSSLCertificateKeyFile /etc/ssl/%(key)s"),
            Step(_TEST, "apachectl configtest && apachectl graceful"),
        ),
    ),
    Guide(
        server="iis",
        name="IIS",
        known_as=("iis", "microsoft", "windows"),
        formats=(Format.PKCS7,),
        request=(
            Step(
                _("Make a request, with this common name:"),
                "%(common_name)s",
                "IIS Manager > Server Certificates > Create Certificate Request…",
            ),
            Step(_("Choose a key of 2048 bits or more, save the request as a file, and hand it in.")),
        ),
        key_place=_KEY_INSIDE,
        install=(
            Step(_IMPORT, "%(p7b)s", "IIS Manager > Server Certificates > Complete Certificate Request…"),
            Step(_CHOOSE, menu="Sites > Bindings… > https > Edit… > SSL certificate"),
        ),
        own_key=(_JOIN, Step(_IMPORT_JOINED, "%(stem)s.pfx", "IIS Manager > Server Certificates > Import…")),
    ),
    Guide(
        server="tomcat",
        name="Tomcat",
        known_as=("tomcat", "java"),
        formats=(Format.PKCS7,),
        request=(
            Step(
                _("Make a key and a request on the server:"),
                "keytool -genkeypair -alias tomcat -keyalg RSA -keysize 2048 -storetype PKCS12 "
                '-keystore %(stem)s.p12 -dname "CN=%(common_name)s"\n'
                "keytool -certreq -alias tomcat -keystore %(stem)s.p12 -file %(csr)s",
            ),
            Step(
                _("Hand in the request, the file that ends in .csr. Keep the key store: the certificate goes into it.")
            ),
        ),
        key_place=_KEY_INSIDE,
        install=(
            Step(
                _("Import the downloaded file where the request was made:"),
                "keytool -importcert -trustcacerts -alias tomcat -keystore %(stem)s.p12 -file %(p7b)s",
            ),
            Step(
                _("Name the key store in server.xml, in the connector of the site:"),
                '<Certificate certificateKeystoreFile="conf/%(stem)s.p12"\n'
                '             certificateKeystoreType="PKCS12" type="RSA" />',
            ),
            Step(_RESTART, "systemctl restart tomcat"),
        ),
        own_key=(
            Step(
                _("Join the certificate and the key that you saved to one file; it asks for a password to protect it:"),
                "openssl pkcs12 -export -name tomcat -inkey %(key)s -in %(server)s -out %(stem)s.p12",
            ),
            Step(_("This file is the key store: go on with server.xml.")),
        ),
    ),
    Guide(
        server="f5",
        name="F5 BIG-IP",
        known_as=("f5", "big-ip", "bigip"),
        formats=(Format.LEAF, Format.CHAIN),
        request=(
            Step(
                _("Make a request, with this common name:"),
                "%(common_name)s",
                "System > Certificate Management > Traffic Certificate Management > SSL Certificate List > Create…",
            ),
            Step(_("Choose a key of 2048 bits or more, save the request as a file, and hand it in.")),
        ),
        key_place=_KEY_INSIDE,
        install=(
            Step(
                _("Import the certificate under the name of its request, then the intermediates as a certificate too:"),
                "%(leaf)s\n%(chain)s",
                "System > Certificate Management > Traffic Certificate Management > SSL Certificate List > Import…",
            ),
            Step(
                _("Choose certificate, key and chain in the profile of the site:"),
                menu="Local Traffic > Profiles > SSL > Client > Certificate Key Chain",
            ),
        ),
        own_key=(Step(_("Import the key that you saved in the same place, under the same name:"), "%(key)s"),),
    ),
    Guide(
        server="haproxy",
        name="HAProxy",
        known_as=("haproxy", "ha-proxy"),
        formats=(Format.SERVER,),
        request=(_MAKE, _HAND_IN),
        key_place=_KEY_FILE,
        install=(
            Step(
                _("Put certificate and key into one file that only the server may read:"),
                "cat %(server)s %(key)s > /etc/haproxy/%(stem)s.pem\nchmod 600 /etc/haproxy/%(stem)s.pem",
            ),
            Step(_("Name it in the configuration of the site:"), "bind :443 ssl crt /etc/haproxy/%(stem)s.pem"),
            Step(_TEST, "haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"),
        ),
    ),
    Guide(
        server="exchange",
        name="Exchange",
        known_as=("exchange", "outlook"),
        formats=(Format.PKCS7,),
        request=(
            Step(
                _("Make a key and a request on the server:"),
                '$request = New-ExchangeCertificate -GenerateRequest -SubjectName "CN=%(common_name)s" '
                "-DomainName %(names)s -PrivateKeyExportable $true\n"
                'Set-Content -Path "C:\\%(csr)s" -Value $request',
                "Exchange Management Shell",
            ),
            Step(_("Hand in the request, the file that ends in .csr.")),
        ),
        key_place=_KEY_INSIDE,
        install=(
            Step(
                _("Import the downloaded file where the request was made:"),
                'Import-ExchangeCertificate -FileData ([System.IO.File]::ReadAllBytes("C:\\%(p7b)s"))',
                "Exchange Management Shell",
            ),
            Step(
                _("Choose the new certificate for the services:"),
                'Enable-ExchangeCertificate -Thumbprint "%(thumbprint)s" -Services IIS,SMTP',
            ),
        ),
        own_key=(
            _JOIN,
            Step(
                _IMPORT_JOINED,
                'Import-ExchangeCertificate -FileData ([System.IO.File]::ReadAllBytes("C:\\%(stem)s.pfx")) '
                "-Password (Get-Credential).Password",
            ),
        ),
    ),
    Guide(
        server="cpanel",
        name="cPanel, Plesk",
        known_as=("cpanel", "plesk", "whm"),
        formats=(Format.LEAF, Format.CHAIN),
        request=(
            Step(
                _("Make a request, with this common name:"),
                "%(common_name)s",
                "cPanel: SSL/TLS > Certificate Signing Requests (CSR)\n"
                "Plesk: Websites & Domains > SSL/TLS Certificates > Manage > Add SSL/TLS Certificate > Request",
            ),
            Step(_("Choose a key of 2048 bits or more, save the request as a file, and hand it in.")),
        ),
        key_place=_KEY_INSIDE,
        install=(
            Step(
                _("Paste or upload the certificate, and the intermediates as the bundle of the authority:"),
                "%(leaf)s\n%(chain)s",
                "cPanel: SSL/TLS > Manage SSL Sites\nPlesk: Websites & Domains > SSL/TLS Certificates > Manage",
            ),
            Step(
                _CHOOSE,
                menu="cPanel: SSL/TLS > Manage SSL Sites > Install Certificate\nPlesk: Hosting Settings > Certificate",
            ),
        ),
        own_key=(Step(_("Paste or upload the key that you saved, in the field for the private key:"), "%(key)s"),),
    ),
)

CHECK = Step(
    _("Look at what the server shows now; serial number and end must be those of the new certificate:"),
    "openssl s_client -connect %(host)s:443 -servername %(host)s </dev/null | openssl x509 -noout -serial -enddate",
)
