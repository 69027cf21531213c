"""A UDP relay in front of a server's media port, which can be cut while the WebSocket lives on."""

import select
import socket
import threading


class Relay:
    """Gives each client a socket of its own towards the server, as a NAT would."""

    def __init__(self, address, target):
        self.target = target
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((address, 0))
        self.port = self.front.getsockname()[1]
        self.is_cut = False
        self.is_closed = False
        self.clients = {}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_closed:
            ready, _, _ = select.select([self.front, *self.clients.values()], [], [], 0.1)
            for one in ready:
                data, sender = one.recvfrom(65536)
                if self.is_cut:
                    continue
                if one is self.front:
                    self.towards(sender).sendto(data, self.target)
                else:
                    self.front.sendto(data, next(client for client, own in self.clients.items() if own is one))

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
