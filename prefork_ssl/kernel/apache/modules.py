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

# Loading them alone does nothing. <IfModule> finds them, so that their directives are read, and refused one by one.
NAMES_ONLY = frozenset(
    f"{name}_module"
    for name in [
        "actions",
        "allowmethods",
        "asis",
        "auth_digest",
        "auth_form",
        "authn_anon",
        "authn_dbd",
        "authn_dbm",
        "authn_socache",
        "authnz_fcgi",
        "authnz_ldap",
        "authz_dbd",
        "authz_dbm",
        "authz_owner",
        "buffer",
        "cache_socache",
        "cern_meta",
        "charset_lite",
        "dav",
        "dav_fs",
        "dav_lock",
        "dbd",
        "dialup",
        "dumpio",
        "echo",
        "ext_filter",
        "file_cache",
        "heartbeat",
        "heartmonitor",
        "ident",
        "imagemap",
        "lbmethod_heartbeat",
        "ldap",
        "log_debug",
        "log_forensic",
        "lua",
        "macro",
        "md",
        "proxy_ajp",
        "proxy_connect",
        "proxy_express",
        "proxy_fcgi",
        "proxy_fdpass",
        "proxy_ftp",
        "proxy_hcheck",
        "proxy_html",
        "proxy_http2",
        "proxy_scgi",
        "proxy_uwsgi",
        "ratelimit",
        "reflector",
        "remoteip",
        "sed",
        "session",
        "session_cookie",
        "session_crypto",
        "session_dbd",
        "speling",
        "substitute",
        "suexec",
        "unique_id",
        "usertrack",
        "vhost_alias",
        "xml2enc",
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

# What to do about those that others make for Apache.
_PHP = "there is no PHP and no FastCGI here: hand its URLs on, by ProxyPass, to a server that speaks HTTP"
_GUARD = "nothing here does what it does: take the line away only if that is not needed"
MODULE_REMEDIES: Mapping[str, str] = {
    **dict.fromkeys(("php_module", "php5_module", "php7_module", "fcgid_module"), _PHP),
    **dict.fromkeys(("security2_module", "evasive20_module", "qos_module"), _GUARD),
    "gnutls_module": "TLS is ssl_module's",
    "perl_module": "there is no Perl here: hand its URLs on, by ProxyPass",
    "passenger_module": "Python is served by WSGIApplication; hand the URLs of other applications on, by ProxyPass",
}
