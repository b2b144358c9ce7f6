"""Deposits 50 dollars, twice under the same id: python3 deposit.py PORT"""
import socket, sys

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
stream = connection.makefile("rw", encoding="utf-8", newline="\n")

def ask(request):
    """Sends a line; returns those of the reply: data begins with "* ", the last line says how it went."""
    stream.write(request + "\n")
    stream.flush()
    lines = []
    while not lines or lines[-1].startswith("* "):
        line = stream.readline()
        if not line.endswith("\n"):
            raise ConnectionError("no reply: repeat the same line, or settle its id")
        lines.append(line[:-1])
    return lines

print(*ask("hello bank/1"), sep="\n")
deposit = "deposit main 50 id=salary-of-may"  # the id is made, and kept, before anything is sent
print(*ask(deposit), sep="\n")
print(*ask(deposit), sep="\n")  # as after a lost reply
print(*ask("withdraw main 5000 id=a-car"), sep="\n")
