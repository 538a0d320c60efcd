"""Configurations as administrators bring them from Apache: only paths, ports and the user are adapted."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.backend import backend, ok, serving
from blackbox.client_certificates import Wallet, name
from blackbox.conftest import ServerFactory
from blackbox.mounting import ROOT
from blackbox.server import Server
from blackbox.test_proxy_tunnels import converse, echo
from passlib.hash import apr_md5_crypt

pytestmark = pytest.mark.needs("curl")

# The layout of Debian: LoadModule lines with file names, a .conf beside each, sites, names from the environment.
DEBIAN = {
    "server.conf": """\
DefaultRuntimeDir ${APACHE_RUN_DIR}
PidFile ${APACHE_RUN_DIR}/server.pid
Timeout 300
User nobody
Group #${APACHE_RUN_GROUP}
HostnameLookups Off
ErrorLog ${APACHE_LOG_DIR}/error_log
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
Include ports.conf
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory ${SITE}/>
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
AccessFileName .htaccess
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
LogFormat "%h %l %u %t \\"%r\\" %>s %b %O \\"%{User-Agent}i\\"" combined
ServerSignature On
ServerTokens OS
TraceEnable Off
IncludeOptional sites-enabled/*.conf
""",
    "ports.conf": """\
Listen 127.0.0.1:${HTTP_PORT}
<IfModule ssl_module>
    Listen 127.0.0.1:${HTTPS_PORT}
</IfModule>
<IfModule mod_gnutls.c>
    Listen 127.0.0.1:${HTTPS_PORT}
</IfModule>
""",
    "mods-enabled/all.load": """\
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule access_compat_module /usr/lib/apache2/modules/mod_access_compat.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_host_module /usr/lib/apache2/modules/mod_authz_host.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule negotiation_module /usr/lib/apache2/modules/mod_negotiation.so
LoadModule reqtimeout_module /usr/lib/apache2/modules/mod_reqtimeout.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule log_config_module
""",
    "mods-enabled/mpm_event.conf": """\
StartServers 2
MinSpareThreads 25
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
""",
    "mods-enabled/mime.conf": "AddHandler type-map var\nAddLanguage de .de\nAddType text/x-notes .notes\n",
    "mods-enabled/negotiation.conf": "LanguagePriority en de\nForceLanguagePriority Prefer Fallback\n",
    "mods-enabled/deflate.conf": """\
<IfModule mod_deflate.c>
    <IfModule mod_filter.c>
        AddOutputFilterByType DEFLATE text/html
    </IfModule>
</IfModule>
""",
    "mods-enabled/reqtimeout.conf": """\
<IfModule reqtimeout_module>
    RequestReadTimeout header=20-40,minrate=500
    RequestReadTimeout body=10,minrate=500
</IfModule>
""",
    "mods-enabled/ssl.conf": """\
<IfModule mod_ssl.c>
    SSLRandomSeed startup file:/dev/urandom 512
    SSLRandomSeed connect builtin
    AddType application/x-x509-ca-cert .crt
    SSLSessionCache shmcb:${APACHE_RUN_DIR}/ssl_scache(512000)
    SSLSessionCacheTimeout 300
    SSLCipherSuite HIGH:!aNULL
    SSLProtocol all -SSLv3
    SSLSessionTickets off
</IfModule>
""",
    "sites-enabled/000-default.conf": """\
<VirtualHost *:${HTTP_PORT}>
    ServerName localhost
    ServerAdmin webmaster@localhost
    DocumentRoot ${SITE}
    Alias /outside ${APACHE_RUN_DIR}
    CustomLog ${APACHE_LOG_DIR}/access_log combined
    TransferLog ${APACHE_LOG_DIR}/common_log
</VirtualHost>
""",
    "sites-enabled/default-ssl.conf": """\
<IfModule mod_ssl.c>
    <VirtualHost _default_:${HTTPS_PORT}>
        ServerName localhost
        DocumentRoot ${SITE}
        SSLEngine on
        SSLCertificateFile ${CERTIFICATE}
        SSLCertificateKeyFile ${KEY}
        <FilesMatch "\\.(?:cgi|shtml|phtml|php)$">
            SSLOptions +StdEnvVars
        </FilesMatch>
    </VirtualHost>
</IfModule>
""",
}


@pytest.fixture
def debian(
    new_server: ServerFactory, monkeypatch: pytest.MonkeyPatch, certificate_words: dict[str, Path]
) -> Server:
    """A server of that layout, whose configuration is all there is: nothing stands before it."""
    server = new_server("")
    for variable, value in {
        "APACHE_RUN_DIR": server.root / "logs",
        "APACHE_LOG_DIR": server.root / "logs",
        "APACHE_RUN_GROUP": pwd.getpwnam("nobody").pw_gid,
        "SITE": server.root / "htdocs",
        "HTTP_PORT": server.http,
        "HTTPS_PORT": server.https,
        "CERTIFICATE": certificate_words["rsa_cert"],
        "KEY": certificate_words["rsa_key"],
    }.items():
        monkeypatch.setenv(variable, str(value))
    for file, text in DEBIAN.items():
        path = server.root / "conf" / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    # Relative paths of Debian begin where the configuration is.
    server.options = ["-d", str(server.root / "conf")]
    # The number of workers is in another file.
    server.configuration_file.write_text(DEBIAN["server.conf"] + "StartServers 2\n")
    return server


def status(url: str, *options: str | Path) -> str:
    done = clients.curl("-o", "/dev/null", "-w", "%{http_code}", *options, url)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_debian(debian: Server, authority: Authority) -> None:
    debian.write("index.html", b"hello")
    debian.write("a.notes", b"n")
    debian.write(".htpasswd", b"secret")
    debian.write("folder/file.txt", b"")
    (debian.root / "logs/file").write_text("no")
    debian.start()
    http, https = f"http://localhost:{debian.http}", f"https://localhost:{debian.https}"
    assert clients.curl(f"{http}/").stdout == b"hello"
    assert clients.curl("--cacert", authority.cert, f"{https}/").stdout == b"hello"
    assert b"file.txt" in clients.curl(f"{http}/folder/").stdout
    head = clients.curl("-I", f"{http}/a.notes").stdout
    assert b"text/x-notes" in head
    assert b"(Unix)" in head
    assert status(f"{http}/.htpasswd") == "403"
    assert status(f"{http}/outside/file") == "403"
    assert status(f"{http}/", "-X", "TRACE") == "405"
    line = debian.logged('"GET / HTTP/1.1" 200 5', "access_log")
    assert int(line.split()[10]) > 5  # %O counts the head, too
    assert debian.logged('"GET / HTTP/1.1" 200', "common_log").endswith('"GET / HTTP/1.1" 200 5')


def test_what_is_said_of_debian(debian: Server) -> None:
    done = debian.run("-t")
    assert done.returncode == 0, done.stderr
    conf = debian.root / "conf"
    lines = [line.removeprefix("prefork-ssl: ") for line in done.stderr.splitlines()]
    assert [line for line in lines if "passed over" in line or "no effect" in line] == [
        f"{conf}/mods-enabled/all.load:7: LoadModule deflate_module is passed over: "
        "only files with a compressed copy beside them (page.html.gz) are sent compressed",
        f"{conf}/mods-enabled/all.load:10: LoadModule negotiation_module is passed over: "
        "a URL names one file, and nothing is chosen by language or type",
        f"{conf}/mods-enabled/mpm_event.conf:2: no effect: MinSpareThreads, ThreadsPerChild: "
        "a worker serves its connections with one thread; WorkerConnections is how many",
        f"{conf}/mods-enabled/mpm_event.conf:4: no effect: MaxRequestWorkers: "
        "StartServers is how many workers there are, and WorkerConnections how many clients each can have",
        f"{debian.place('ServerSignature')}: no effect: ServerSignature: "
        "pages that the server makes do not name its version",
    ]
    assert lines[-1] == "Syntax OK"
    debian.start()
    debian.logged("no effect: MaxRequestWorkers")


@pytest.mark.parametrize(
    ("target", "body"),
    [("/index.html", b""), ("/missing", b"x" * 70000)],
    ids=["a file", "a body that nobody reads"],
)
def test_bytes_with_heads(new_server: ServerFactory, target: str, body: bytes) -> None:
    """%I and %O are what was on the wire."""
    server = new_server(TLS + 'LoadModule logio_module x\nCustomLog logs/bytes "%I %O %S end"\n')
    server.write("index.html", b"hello")
    server.start()
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = clients.exchange(server.http, head.encode() + body)
    received, sent, both = map(int, server.logged("end", "bytes").split()[:3])
    assert sent == len(answer)
    assert len(head) <= received <= len(head) + len(body)
    assert both == received + sent


def test_a_missing_module_is_told_once(new_server: ServerFactory) -> None:
    server = new_server("ExpiresActive on\nExpiresDefault A0\nExpiresByType text/html A1\nHeader set A b\n")
    done = server.run("-t")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"prefork-ssl: {server.place('ExpiresActive')}: ExpiresActive is a directive of expires_module, which is not "
        "loaded (add the line: LoadModule expires_module, which 2 more lines need, too)",
        f"prefork-ssl: {server.place('Header set')}: Header is a directive of headers_module, which is not loaded "
        "(add the line: LoadModule headers_module)",
    ]


TLS = """\
<VirtualHost *:@https>
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
"""

MOZILLA = """\
LoadModule socache_shmcb_module modules/mod_socache_shmcb.so
LoadModule rewrite_module modules/mod_rewrite.so
LoadModule headers_module modules/mod_headers.so
LoadModule http2_module modules/mod_http2.so
<VirtualHost *:@http>
    RewriteEngine On
    RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/
    RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]
</VirtualHost>
<VirtualHost *:@https>
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    Protocols h2 http/1.1
    <IfModule mod_http2.c>
        H2Push on
    </IfModule>
    Header always set Strict-Transport-Security "max-age=63072000"
</VirtualHost>
SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1
SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256
SSLOpenSSLConfCmd Curves X25519:prime256v1:secp384r1
SSLHonorCipherOrder off
SSLSessionTickets off
SSLUseStapling On
SSLStaplingCache "shmcb:logs/ssl_stapling(32768)"
"""


def test_mozilla(new_server: ServerFactory, authority: Authority) -> None:
    server = new_server(MOZILLA)
    server.write("index.html", b"hello")
    server.write(".well-known/acme-challenge/x", b"proof")
    server.start()
    http, https = f"http://localhost:{server.http}", f"https://localhost:{server.https}"
    answer = clients.curl("-i", f"{http}/a?b").stdout
    assert f"Location: https://localhost:{server.http}/a?b".encode() in answer
    assert clients.curl(f"{http}/.well-known/acme-challenge/x").stdout == b"proof"
    answer = clients.curl("-i", "--http2", "--cacert", authority.cert, f"{https}/missing").stdout
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"Strict-Transport-Security: max-age=63072000" in answer
    told = clients.s_client(server.https, "-tls1_2", "-alpn", "h2,http/1.1").stdout
    assert b"ECDHE-RSA-AES128-GCM-SHA256" in told
    assert b"ALPN protocol: http/1.1" in told
    assert "no effect: Protocols: HTTP/1.1 is spoken" in server.run("-t").stderr


BLOG = """\
LoadModule rewrite_module modules/mod_rewrite.so
LoadModule expires_module modules/mod_expires.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule wsgi_module modules/mod_wsgi.so
WSGIScriptAlias /index.php @root/conf/blog.wsgi
<Directory @root/htdocs>
    Options -Indexes +FollowSymLinks
    AllowOverride None
    Require all granted
    <IfModule mod_rewrite.c>
        RewriteEngine On
        RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
        RewriteBase /
        RewriteRule ^index\\.php$ - [L]
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteCond %{REQUEST_FILENAME} !-d
        RewriteRule . /index.php [L]
    </IfModule>
    <IfModule mod_expires.c>
        ExpiresActive On
        ExpiresByType image/png "access plus 1 year"
    </IfModule>
</Directory>
<Files wp-config.php>
    Require all denied
</Files>
<Location /read-only>
    Require method GET HEAD
</Location>
"""
BLOG_APPLICATION = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"blog " + environ["REQUEST_URI"].encode()]
"""


def test_a_front_controller(new_server: ServerFactory) -> None:
    server = new_server(ROOT + TLS + BLOG)
    (server.root / "conf/blog.wsgi").write_text(BLOG_APPLICATION)
    server.write("wp-config.php", b"secret")
    server.write("logo.png", b"image")
    server.write("uploads/a.txt", b"text")
    server.start()
    http = f"http://localhost:{server.http}"
    assert clients.curl(f"{http}/2026/11/a-post?p=1").stdout == b"blog /2026/11/a-post?p=1"
    assert clients.curl(f"{http}/uploads/a.txt").stdout == b"text"
    assert b"max-age=31536000" in clients.curl("-I", f"{http}/logo.png").stdout
    assert status(f"{http}/wp-config.php") == "403"
    assert status(f"{http}/uploads/") == "403"
    assert status(f"{http}/read-only", "-X", "POST") == "403"


PROXY_SITE = """\
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
LoadModule proxy_wstunnel_module modules/mod_proxy_wstunnel.so
LoadModule rewrite_module modules/mod_rewrite.so
LoadModule headers_module modules/mod_headers.so
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    ProxyRequests Off
    ProxyPreserveHost On
    ProxyVia Off
    RewriteEngine On
    RewriteCond %{HTTP:Upgrade} websocket [NC]
    RewriteCond %{HTTP:Connection} upgrade [NC]
    RewriteRule ^/?(.*) "ws://127.0.0.1:@sockets/$1" [P,L]
    ProxyPass / http://127.0.0.1:@backend/ retry=0 timeout=300 flushpackets=on
    ProxyPassReverse / http://127.0.0.1:@backend/
    RequestHeader set X-Forwarded-Proto "https"
    RequestHeader set X-Forwarded-Port "443"
    RequestHeader set X-Tls "%{SSL_PROTOCOL}s"
</VirtualHost>
"""


def test_a_site_behind(new_server: ServerFactory, authority: Authority) -> None:
    seen: list[bytes] = []
    with backend(serving(lambda _head: ok(b"behind"), seen)) as back, backend(echo) as sockets:
        server = new_server(PROXY_SITE, backend=back, sockets=sockets).start()
        url = f"https://localhost:{server.https}/app?q"
        assert clients.curl("--cacert", authority.cert, url).stdout == b"behind"
        with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
            converse(sock)
    head = seen[0].decode()
    assert head.startswith("GET /app?q HTTP/1.1\r\n")
    for line in (f"Host: localhost:{server.https}", "x-forwarded-proto: https", "x-forwarded-port: 443"):
        assert line.lower() in head.lower()
    assert "x-tls: TLSv1.3" in head.replace("X-Tls", "x-tls")


INTRANET = """\
SSLCryptoDevice builtin
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authz_user_module modules/mod_authz_user.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authn_file_module modules/mod_authn_file.so
LoadModule auth_basic_module modules/mod_auth_basic.so
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient none
    SSLCompression off
    LogFormat "%u %{SSL_CLIENT_S_DN_CN}x %U %>s" cert
    CustomLog logs/cert_log cert
    <Location /secure>
        SSLVerifyClient require
        SSLVerifyDepth 5
        SSLOptions +FakeBasicAuth +StrictRequire +StdEnvVars +OptRenegotiate
        SSLRequireSSL
        SSLRequire %{SSL_CLIENT_S_DN_O} eq "Clients" and %{SSL_CLIENT_S_DN_CN} in {"staff", "board"}
        AuthName "Snake oil"
        AuthType Basic
        AuthBasicProvider file
        AuthUserFile conf/users
        Require valid-user
    </Location>
</VirtualHost>
"""


def test_an_intranet(new_server: ServerFactory, authority: Authority, wallet: Wallet) -> None:
    server = new_server(INTRANET, ca=wallet.root.file)
    users = "".join(
        f"/C=DE/O=Clients/CN={who}:{apr_md5_crypt.hash('password')}\n" for who in ("staff", "guest")
    )
    (server.root / "conf/users").write_text(users)
    server.write("index.html", b"open")
    server.write("secure/index.html", b"inside")
    server.start()
    results = {}
    for who in ("staff", "board", "guest"):
        pair = wallet.root.client(f"apache-{who}", name(who))
        done = clients.curl(
            "-o", "/dev/null", "-w", "%{http_code}", "--cacert", authority.cert, "--cert", pair.cert,
            "--key", pair.key, "--tls-max", "1.2", f"https://localhost:{server.https}/secure/",
        )  # fmt: skip
        results[who] = done.stdout.decode()
    # board is asked for a password, since its subject is not in the file; guest is kept out by SSLRequire.
    assert results == {"staff": "200", "board": "401", "guest": "403"}
    url = f"https://localhost:{server.https}/"
    assert clients.curl("--cacert", authority.cert, url).stdout == b"open"
    server.logged("/C=DE/O=Clients/CN=staff staff /secure/index.html 200", "cert_log")


# What would mean something else if it were passed over, and what the administrator is told to write.
REFUSED = {
    "<Directory />\n    AllowOverride All\n</Directory>": "write AllowOverride None",
    "Order deny,allow": "write Require all granted, Require all denied, or Require ip",
    "Allow from 192.0.2.0/24": "or Require ip with addresses",
    "<Location /limit>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>": "write Require method",
    "<If true>\n</If>": "write Require expr",
    "AddHandler cgi-script .cgi": "run the application by WSGIScriptAlias",
    "AddHandler application/x-httpd-php .php": "hand its URLs on by ProxyPass",
    "<Files *.php>\nSetHandler proxy:fcgi://127.0.0.1:9000\n</Files>": "hand its URLs on by ProxyPass",
    "AddOutputFilter INCLUDES .shtml": "leave out the line",
    "ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/": "use WSGIScriptAlias for Python",
    "php_admin_value open_basedir /": "there is no PHP here",
    "<Proxy *>\n</Proxy>": "take it away if it lets in everybody",
    "RemoteIPHeader X-Forwarded-For": "the client is whoever has connected",
    "UserDir public_html": "write Alias",
    "SSLFIPS on": "write off",
    "SSLCryptoDevice pkcs11": "write builtin",
    "SSLSRPVerifierFile conf/srp": "write SSLVerifyClient",
    "LoadModule php_module modules/libphp.so": "hand its URLs on, by ProxyPass",
    "LoadModule security2_module modules/mod_security2.so": "take the line away only if that is not needed",
    "SSLProxyCipherSuite PROFILE=SYSTEM": "take the line away, or write a list",
}


def test_refusals_name_the_place_and_the_remedy(new_server: ServerFactory) -> None:
    server = new_server("LoadModule authz_module\n" + "\n".join(REFUSED) + "\n")
    done = server.run("-t")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(REFUSED)
    for text, remedy in REFUSED.items():
        culprit = next(line for line in text.splitlines() if not line.startswith(("<Dir", "<Loc", "<Files")))
        place = server.place(culprit)
        (said,) = [line for line in lines if line.startswith(f"prefork-ssl: {place}: ")]
        assert remedy in said


def test_access_of_apache_2_2_does_not_hide_behind_its_module(new_server: ServerFactory) -> None:
    """Whoever loads mod_access_compat has its lines read, and refused, not skipped."""
    server = new_server(
        "LoadModule access_compat_module modules/mod_access_compat.so\n"
        "<IfModule mod_access_compat.c>\n<Location />\nDeny from all\n</Location>\n</IfModule>\n"
    )
    assert "Deny here (write Require" in server.run("-t").stderr
