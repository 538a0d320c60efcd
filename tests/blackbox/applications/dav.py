"""WsgiDAV, serving the folder that the environment variable DAV_FOLDER names."""

import os

from wsgidav.wsgidav_app import WsgiDAVApp

application = WsgiDAVApp(
    {
        "mount_path": "/dav",
        "provider_mapping": {"/": os.environ["DAV_FOLDER"]},
        "simple_dc": {"user_mapping": {"*": True}},
        "http_authenticator": {"trusted_auth_header": "REMOTE_USER"},
        "lock_storage": True,
        "property_manager": True,
        "verbose": 1,
    }
)
