"""Modules of Apache that have no module of their own here, for LoadModule lines."""

from __future__ import annotations

from collections.abc import Mapping

# What they do is part of the core, or needs nobody to do it. <IfModule> finds them.
BUILT_IN = frozenset(
    f"{name}_module"
    for name in [
        "mpm_prefork",
        "mpm_worker",
        "mpm_event",
        "unixd",
        "systemd",
        "so",
        "core",
        "http",
        "reqtimeout",
        "version",
        "watchdog",
        "request",
        "data",
        "socache_shmcb",
        "socache_dbm",
        "socache_memcache",
        "socache_redis",
        "slotmem_shm",
        "slotmem_plain",
    ]
)

_NOT_COMPRESSED = "only files with a compressed copy beside them (page.html.gz) are sent compressed"

# The server does without, and skips what <IfModule> keeps for them. Name -> what that means.
DISPENSABLE: Mapping[str, str] = {
    "deflate_module": _NOT_COMPRESSED,
    "brotli_module": _NOT_COMPRESSED,
    "filter_module": "there are no filters",
    "http2_module": "HTTP/1.1 is spoken, with all clients",
    "negotiation_module": "a URL names one file, and nothing is chosen by language or type",
    "mime_magic_module": "the type of a file is known by its name only",
    "status_module": "there is no page about the server's state; its path is answered 404",
    "info_module": "there is no page about the configuration; -S, -M and -t -D DUMP_... show it",
    "cgi_module": "CGI scripts are not run",
    "cgid_module": "CGI scripts are not run",
    "include_module": "there are no server-side includes",
    "userdir_module": "home folders of users are not served",
    "cache_module": "nothing is cached",
    "cache_disk_module": "nothing is cached",
    "lbmethod_byrequests_module": "each ProxyPass has one server behind it",
    "lbmethod_bytraffic_module": "each ProxyPass has one server behind it",
    "lbmethod_bybusyness_module": "each ProxyPass has one server behind it",
    "proxy_balancer_module": "each ProxyPass has one server behind it",
}

# What to do about others, which would be missed.
MODULE_REMEDIES: Mapping[str, str] = {
    **dict.fromkeys(
        ("php_module", "php5_module", "php7_module", "fcgid_module", "proxy_fcgi_module"),
        "there is no PHP and no FastCGI here: hand its URLs on, by ProxyPass, to a server that speaks HTTP",
    ),
    **dict.fromkeys(
        (
            "auth_digest_module",
            "auth_form_module",
            "authnz_ldap_module",
            "authn_dbm_module",
            "authn_dbd_module",
        ),
        "users are known by auth_basic_module and its AuthUserFile, or by client certificates",
    ),
    **dict.fromkeys(
        ("security2_module", "evasive20_module", "qos_module", "ratelimit_module"),
        "nothing here does what it does: take the line away only if that is not needed",
    ),
    "remoteip_module": "the client is whoever has connected: Require ip and logs see that address, be it a proxy's",
    "macro_module": "write out what the macros say, or Include a file that uses ${NAME}, after Define",
    "md_module": "prefork-ssl-cert acme gets certificates, and SSLCertificateWatch takes them up",
    "gnutls_module": "TLS is ssl_module's",
    "dav_module": "there is no WebDAV here: a WSGI application such as wsgidav has it",
    "perl_module": "there is no Perl here: hand its URLs on, by ProxyPass",
    "passenger_module": "a Python application is served by WSGIApplication; hand the URLs of others on, by ProxyPass",
}
