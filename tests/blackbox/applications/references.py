"""Where modules hold something that gevent.monkey has replaced in the module that it comes from. Run as a program, it
patches first thing, as gevent wants it, and prints what is left even then."""

import json
import sys

from gevent import monkey


def unpatched() -> list[str]:
    """As "module.name"; gevent's own modules, and this server's, know what they do."""
    replaced = {
        id(value)
        for module, names in monkey.saved.items()
        if not module.startswith("_gevent")
        for value in names.values()
        if value is not None and not isinstance(value, bool)
    }
    return sorted(
        f"{name}.{attribute}"
        for name, module in list(sys.modules.items())
        if module is not None and not name.startswith(("gevent", "prefork_ssl", "__main__"))
        for attribute, value in list(vars(module).items())
        if id(value) in replaced
    )


if __name__ == "__main__":
    monkey.patch_all()
    print(json.dumps(unpatched()))
