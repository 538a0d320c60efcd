"""The session cache that all workers share: what one has agreed with a client, another can resume.

what the configuration says      directives, choices, place, keys
what the master does             service, keeper, placing, sweeper
what a host does                 resumption, workshop (below: openssl/sessions, openssl/adoption)
what a worker does               cache: dbm_cache with mutex and stores, or network
what is in the cache             records, sealing
what is told                     tally, trouble, command
"""
