"""What to write in place of Apache's directives and sections that are refused here, since a configuration without them
would mean something else, and often let somebody in."""

from __future__ import annotations

from collections.abc import Mapping

_REQUIRE = "write Require all granted, Require all denied, or Require ip with addresses"
_METHODS = "write Require method with the methods that are allowed, or Require not method in <RequireAll>"
_NO_PHP = "there is no PHP here: hand its URLs on, by ProxyPass, to a server that speaks HTTP"
_NO_CGI = "CGI scripts are not run: use WSGIScriptAlias for Python, ProxyPass for others"
_NO_BALANCER = "write one ProxyPass with the URL of one server"
_NO_FILTERS = "there are no filters here: take the line away, or let the application do it"
_CLIENT = "the client is whoever has connected; Require ip and logs see that address"
_USERS = "users are in the AuthUserFile of auth_basic_module, or known by client certificates"

REMEDIES: Mapping[str, str] = {
    name.lower(): remedy
    for names, remedy in {
        "Order Allow Deny": _REQUIRE,
        "<Limit> <LimitExcept>": _METHODS,
        "<If> <ElseIf> <Else>": "write Require expr, RewriteCond expr, or expr= at the end of a Header line",
        "php_value php_flag php_admin_value php_admin_flag": _NO_PHP,
        "ScriptAlias ScriptAliasMatch ScriptSock Action Script": _NO_CGI,
        "<Proxy>": "take it away if it lets in everybody, else write <Location> with the path of ProxyPass",
        "<ProxyMatch>": "write <LocationMatch> with the path of ProxyPass",
        "BalancerMember ProxySet": _NO_BALANCER,
        "ProxyRemote ProxyRemoteMatch": "the server connects to the URLs of ProxyPass itself",
        "ProxyBlock AllowCONNECT NoProxy": "this server is no forward proxy; take the line away",
        "RemoteIPHeader RemoteIPInternalProxy RemoteIPTrustedProxy RemoteIPProxyProtocol": _CLIENT,
        "UserDir": "write Alias and <Directory> for each folder that is to be served",
        "VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias": "write a <VirtualHost> for each name",
        "AuthDigestProvider AuthDigestDomain AuthFormProvider AuthLDAPURL AuthLDAPBindDN AuthDBMUserFile": _USERS,
        "<AuthnProviderAlias> AuthnCacheProvideFor": _USERS,
        "ChrootDir": "use RootDirectory= of systemd, or a container",
        "SuexecUserGroup": "all workers are of one User; run a second server for another",
        "AddInputFilter SetInputFilter Substitute ExtFilterDefine InputSed OutputSed CharsetDefault": _NO_FILTERS,
        "ProxyHTMLEnable ProxyHTMLURLMap ProxyHTMLLinks ProxyHTMLExtended FilterProvider FilterChain": _NO_FILTERS,
        "CheckSpelling CheckCaseOnly": "take the line away: URLs must be spelt as files are",
        "AllowMethods": _METHODS,
        "Session SessionCookieName SessionCryptoPassphrase": "sessions are the application's",
        "LuaScope LuaRoot LuaHookAccessChecker LuaHookAuthChecker": "there is no Lua here",
        "Anonymous Anonymous_NoUserID": _USERS,
        "LimitXMLRequestBody Dav": "there is no WebDAV here: take the line away, or use a WSGI application that has it",
        "<Macro> Use": "write out what the macro says, or Include a file that uses ${NAME}, after Define",
        "LoadFile": "take the line away: modules bring their libraries",
        "CookieLog": "write CustomLog with the format %{NAME}C",
        "GlobalLog": "write CustomLog, in each virtual host that has one, too",
        "MDomain <MDomainSet> MDCertificateAgreement": "prefork-ssl-cert acme gets certificates",
    }.items()
    for name in names.split()
}
