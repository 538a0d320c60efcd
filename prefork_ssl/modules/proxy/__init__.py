"""proxy_module: requests handed on to other servers, over connections that are kept, and what these answer."""
