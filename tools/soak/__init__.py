"""Traffic and faults over several server processes, and one question again and again: does every list equal its query?

``python -m tools.soak --minutes 10`` starts PostgreSQL, Redis, two servers and a process that writes, opens clients that
keep live lists, and makes one fault after the other. At each checkpoint writes and faults rest until every list equals its
query. It fails where one does not, where a client was sent what its user may not see, where a push did not follow the one
before it, and where too little was done to say anything (``FLOORS``). ``--sabotage`` breaks the servers on purpose: then it
must fail.
"""
