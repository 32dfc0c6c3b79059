"""What the gateway costs, beside its peers: `python -m benchmarks --help`.

A reader's way through the folder:

    __main__.py     which measurements, which rounds, where the table goes
    workload.py     the work W that every subject does
    subject.py      what a subject is: the gateway or a peer
    proof.py        each subject does W before it is measured
    peers/          nginx, nginx with a Lua token check, Envoy with a Lua token check
    ours/           the gateway: W, start-up, memory, deployments, steps, streaming
    processes.py    pinned processes, their CPU time and memory from /proc
    load.py         wrk
    rounds.py       interleaved rounds and medians
    report.py       the table, as text, Markdown and JSON

`policies.py` and `assign_message.py` time single policies without a socket.
"""
