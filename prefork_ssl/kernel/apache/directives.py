"""Apache's directives that are taken here and have no effect, since what they set does not exist, needs no setting, or
cannot be set."""

from __future__ import annotations

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Context
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.inert import Inert, always, inert, nothing, only, unless
from prefork_ssl.kernel.apache.handlers import HANDLER_REMEDY

_SERVER, _HOST, _DIRECTORY, _ANYWHERE = Context.SERVER, Context.HOST, Context.DIRECTORY, Context.ANYWHERE

_NO_HTACCESS = only(
    "none",
    "this server reads no .htaccess files",
    "write AllowOverride None, and what those files say into <Directory> sections",
)
_NO_ENCODED_SLASHES = unless("off", "a URL with an encoded slash (%2F) is answered 404")
_AS_ASKED = unless(
    "off", "URLs that the server makes for clients begin with the host and port that they asked for"
)
_WORKERS = always(
    "StartServers is how many workers there are, and WorkerConnections how many clients each can have"
)
_THREADS = always("a worker serves its connections with one thread; WorkerConnections is how many")
_UNCOMPRESSED = (
    "nothing is compressed while it is sent; of a file with a compressed copy beside it (.gz), that is sent"
)


def _filters(words: Words) -> str:
    """Compression can be left out; what other filters would do would be missed."""
    names = {name for word in words[:1] for name in word.split(";")}
    if not names <= {"deflate", "brotli_compress", "none"}:
        raise BadArgument(
            "there are no filters here", "leave out the line, and do not serve files that need a filter"
        )
    return _UNCOMPRESSED


def _handlers(words: Words) -> str:
    """A type map is an ordinary file for whom nobody negotiates; a script that nobody runs would show its source."""
    if words[:1] not in ((), ("type-map",), ("default-handler",)):
        raise BadArgument(
            f"there is no handler {words[0]}, so such files would be sent as they are",
            HANDLER_REMEDY,
        )
    return ""


APACHE_DIRECTIVES: tuple[Inert, ...] = (
    # --- files ---
    inert(
        "AllowOverride",
        _DIRECTORY,
        _NO_HTACCESS,
        "there are no .htaccess files, and only None is taken",
        "None",
    ),
    inert("AllowOverrideList", _DIRECTORY, _NO_HTACCESS, "as with AllowOverride", "None"),
    inert("AccessFileName", _HOST, nothing, "there are no .htaccess files", "name ..."),
    inert("EnableMMAP", _ANYWHERE, nothing, "how files are sent needs no setting", "on|off"),
    inert("EnableSendfile", _ANYWHERE, nothing, "how files are sent needs no setting", "on|off"),
    inert(
        "FileETag",
        _ANYWHERE,
        unless(
            "all inode mtime size +inode +mtime +size",
            "ETags are made of inode, size and time of modification",
        ),
        "ETags are made of inode, size and time of modification",
    ),
    inert("AddHandler", _ANYWHERE, _handlers, "only type-map is taken, whose files are served like others"),
    inert("AddOutputFilter", _ANYWHERE, _filters, _UNCOMPRESSED),
    inert("SetOutputFilter", _ANYWHERE, _filters, _UNCOMPRESSED),
    inert("AddOutputFilterByType", _ANYWHERE, _filters, _UNCOMPRESSED),
    inert("LanguagePriority", _ANYWHERE, nothing, "nothing is chosen by language"),
    inert("ForceLanguagePriority", _ANYWHERE, nothing, "nothing is chosen by language"),
    # --- requests and responses ---
    inert(
        "HostnameLookups", _ANYWHERE, unless("off", "names of clients are not looked up; %h is the address")
    ),
    inert("Protocols", _HOST, unless("http/1.1", "HTTP/1.1 is spoken, with all clients")),
    inert("ProtocolsHonorOrder", _HOST, nothing, "HTTP/1.1 is spoken, with all clients", "on|off"),
    inert("TraceEnable", _HOST, unless("off", "TRACE is answered 405")),
    inert("ServerSignature", _ANYWHERE, unless("off", "pages that the server makes do not name its version")),
    inert("UseCanonicalName", _ANYWHERE, _AS_ASKED),
    inert("UseCanonicalPhysicalPort", _ANYWHERE, _AS_ASKED),
    inert("AllowEncodedSlashes", _HOST, _NO_ENCODED_SLASHES),
    inert("MergeSlashes", _HOST, unless("on", "several slashes in a URL are one")),
    inert("MergeTrailers", _HOST, unless("off", "trailers do not become header fields")),
    inert(
        "HttpProtocolOptions",
        _HOST,
        unless(
            "strict require1.0 lenientmethods registeredmethods allow0.9",
            "malformed requests are answered 400",
        ),
        "malformed requests are answered 400",
    ),
    inert("MaxRanges", _ANYWHERE, nothing, "who asks for too many ranges gets the whole file"),
    inert("ProxyVia", _HOST, unless("off", "there is no Via field"), syntax="on|off|full|block"),
    inert("ProxyStatus", _HOST, nothing, "there is no page about the server's state", "on|off|full"),
    inert("ExtendedStatus", _SERVER, nothing, "there is no page about the server's state", "on|off"),
    inert(
        "ErrorLogFormat",
        _HOST,
        always("lines of the error log have the form that Apache gives them by default"),
    ),
    # --- processes ---
    *(
        inert(name, _SERVER, _WORKERS, syntax="number")
        for name in ("MaxRequestWorkers", "MaxClients", "ServerLimit", "MinSpareServers", "MaxSpareServers")
    ),
    *(
        inert(name, _SERVER, _THREADS, syntax="number")
        for name in (
            "ThreadsPerChild",
            "ThreadLimit",
            "MinSpareThreads",
            "MaxSpareThreads",
            "ThreadStackSize",
            "AsyncRequestWorkerFactor",
        )
    ),
    inert("MaxMemFree", _SERVER, nothing, "Python looks after memory", "kilobytes"),
    inert(
        "Mutex",
        _SERVER,
        nothing,
        "the server has one mutex, which SSLMutex names",
        "default|mechanism[:path] ...",
    ),
    inert("AcceptFilter", _SERVER, nothing, "connections are accepted at once", "protocol filter"),
    inert("AcceptMutex", _SERVER, nothing, "workers need none", "default|mechanism"),
    inert("LockFile", _SERVER, nothing, "workers need none", "path"),
    inert("ScoreBoardFile", _SERVER, nothing, "it is in memory", "path"),
    inert(
        "DefaultRuntimeDir",
        _SERVER,
        nothing,
        "there are no files but those that other directives name",
        "path",
    ),
    inert(
        "NameVirtualHost",
        _SERVER,
        nothing,
        "virtual hosts of one address are told apart by name",
        "address[:port]",
    ),
)
