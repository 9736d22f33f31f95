"""apache-libcloud's CloudStack driver: list, deploy, stop and destroy a machine; prints one JSON object."""

import json
import os
from urllib.parse import urlparse

from libcloud.common.types import InvalidCredsError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

url = urlparse(os.environ["CLOUDSTACK_ENDPOINT"])


def connect(secret):
    return get_driver(Provider.CLOUDSTACK)(
        key=os.environ["CLOUDSTACK_KEY"],
        secret=secret,
        secure=False,
        host=url.hostname,
        port=url.port,
        path=url.path,
    )


driver = connect(os.environ["CLOUDSTACK_SECRET"])
size = next(s for s in driver.list_sizes() if s.name == "Tiny Instance")
image = driver.list_images()[0]
location = driver.list_locations()[0]
network = driver.ex_list_networks()[0]
key = driver.create_key_pair("libcloud")
node = driver.create_node(
    name="from-libcloud",
    size=size,
    image=image,
    location=location,
    networks=[network],
    ex_keyname="libcloud",
    ex_start_vm=True,
    ex_userdata="#!/bin/sh\necho [hello]\n",
)
nodes = [n for n in driver.list_nodes() if n.id == node.id]
state = nodes[0].state
volume = driver.create_volume(1, "from-libcloud", location)
attached = driver.attach_volume(nodes[0], volume)
disks = [(v.size, v.extra["instance_id"] == node.id) for v in driver.list_volumes() if v.id == volume.id]
detached = driver.detach_volume([v for v in driver.list_volumes() if v.id == volume.id][0])
removed = driver.destroy_volume([v for v in driver.list_volumes() if v.id == volume.id][0])
stopped = driver.ex_stop(nodes[0])
started = driver.ex_start(nodes[0])
rebooted = driver.reboot_node(nodes[0])
destroyed = driver.destroy_node(nodes[0], ex_expunge=True)
driver.delete_key_pair(key)
try:
    connect("wrong").list_locations()
    refused = False
except InvalidCredsError:
    refused = True
print(
    json.dumps(
        {
            "listed": len(nodes),
            "state": state,
            "addresses": len(nodes[0].private_ips + nodes[0].public_ips),
            "disk": [attached, disks, detached, removed, len([v for v in driver.list_volumes() if v.id == volume.id])],
            "stopped": stopped,
            "started": started,
            "rebooted": rebooted,
            "destroyed": destroyed,
            "left": len([n for n in driver.list_nodes() if n.id == node.id]),
            "refused": refused,
        }
    )
)
