"""A UDP relay in front of a server's media port, which can be cut while the WebSocket lives on."""

import contextlib
import select
import socket
import threading


class Relay:
    """Gives each client a socket of its own towards the server, as a NAT would."""

    def __init__(self, address, target, admits=lambda port: True):
        """`admits` says of a client's port whether what comes from it and goes to it gets through."""
        self.target = target
        self.admits = admits
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((address, 0))
        self.port = self.front.getsockname()[1]
        self.is_cut = False
        self.is_closed = False
        self.clients = {}
        self.latest = None
        """The port of whom something got through last."""
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_closed:
            ready, _, _ = select.select([self.front, *self.clients.values()], [], [], 0.1)
            for one in ready:
                # A datagram that a socket cannot take at the moment is lost, as on any way.
                with contextlib.suppress(OSError):
                    self.pass_on(one, *one.recvfrom(65536))

    def pass_on(self, one, data, sender):
        client = sender if one is self.front else next(its for its, own in self.clients.items() if own is one)
        if self.is_cut or not self.admits(client[1]):
            return
        if one is self.front:
            self.latest = client[1]
            self.towards(client).sendto(data, self.target)
        else:
            self.front.sendto(data, client)

    def towards(self, client):
        if client not in self.clients:
            own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            own.bind((self.target[0], 0))
            self.clients[client] = own
        return self.clients[client]

    def close(self):
        self.is_closed = True
        self.thread.join()
        for one in [self.front, *self.clients.values()]:
            one.close()
