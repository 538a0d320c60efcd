"""Parts of configurations that several files of tests use."""

# One host on the TLS port, with a certificate of each kind of key.
ONE_HOST = """\
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCertificateFile @ecdsa_cert
    SSLCertificateKeyFile @ecdsa_key
</VirtualHost>
"""

# Two hosts on each port; htdocs/rsa and htdocs/ecdsa must exist. On the TLS port rsa.test comes first, so it is the
# default.
TWO_HOSTS = """\
<VirtualHost *:@http>
    ServerName rsa.test
    ServerAlias www.rsa.test
    DocumentRoot htdocs/rsa
</VirtualHost>
<VirtualHost *:@http>
    ServerName ecdsa.test
    DocumentRoot htdocs/ecdsa
</VirtualHost>
<VirtualHost *:@https>
    ServerName rsa.test
    ServerAlias www.rsa.test
    DocumentRoot htdocs/rsa
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
<VirtualHost *:@https>
    ServerName ecdsa.test
    DocumentRoot htdocs/ecdsa
    SSLEngine on
    SSLCertificateFile @ecdsa_cert
    SSLCertificateKeyFile @ecdsa_key
</VirtualHost>
"""
