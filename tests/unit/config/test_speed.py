"""A large site's configuration is read and built in a moment, so that a reload can wait for it."""

from __future__ import annotations

import time

from unit.config.sample import NAME, read

HOST = """
<VirtualHost *:80 192.0.2.1:443>
    ServerName www{0}.example.com
    ServerAlias www{0}.example.net *.www{0}.example.org
    SSLEngine on
    SSLProtocol all -TLSv1.1
    Path "logs/www{0} error log"
    Limit 500
    Redirect /old{0} https://www{0}.example.com/new
    Types html text/html
    <Directory /srv/www{0}>
        Limit 900
    </Directory>
    <Location /private>
        Deny on
    </Location>
</VirtualHost>
"""


def test_a_thousand_virtual_hosts_with_ten_directives_each(tmp_path):
    text = "LoadModule ssl_module\n" + "".join(HOST.format(number) for number in range(1000))
    begin = time.process_time()  # what other processes do meanwhile does not count
    configuration = read(tmp_path, text)
    assert time.process_time() - begin < 1
    assert len(configuration.hosts) == 1000
    assert configuration.hosts[-1].settings[NAME] == "www999.example.com"
