"""A process that has everything imported and forks for each `hrv`: examples start in no time.

python guide_zygote.py SOCKET      serves; `guide_shim.py` under the name `hrv` asks it.
"""

import array
import json
import os
import signal
import socket
import sys
import traceback


def preload() -> None:
    """Import what commands need, so that no example waits for it."""
    import pandas  # noqa: F401
    from scipy import optimize, signal, special, stats  # noqa: F401

    import api.app
    import api.cli
    import api.store
    import hrv.plots
    import hrv.report  # noqa: F401
    import ingest.study  # noqa: F401

    api.cli.build_app()


def run(request: dict, descriptors: list[int]) -> int:
    """Be the command, in the caller's folder, with its environment and standard streams."""
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["hrv", *request["argv"]]
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream, mode in ((0, "r"), (1, "w"), (2, "w")):
        name = ("stdin", "stdout", "stderr")[stream]
        setattr(sys, name, os.fdopen(stream, mode, encoding="utf-8", closefd=False))
    from api.cli import main

    try:
        main()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 0 if done.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 70
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def serve(path: str) -> None:
    """Fork for each caller; tell it the process and, when that has ended, its exit status."""
    preload()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                watch(caller)
            caller.close()


def watch(caller: socket.socket) -> None:
    """Run one command in a process below this one and tell the caller how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptors = array.array("i")
    message, ancillary, _, _ = caller.recvmsg(1 << 20, socket.CMSG_SPACE(3 * descriptors.itemsize))
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    child = os.fork()
    if child == 0:
        caller.close()
        os._exit(run(json.loads(message), list(descriptors)))
    for descriptor in descriptors:
        os.close(descriptor)
    caller.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    caller.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
