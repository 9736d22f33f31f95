"""PyPI's `cs`: list, deploy, stop and destroy a machine; prints one JSON object."""

import json
import os

from cs import CloudStack, CloudStackApiException

api = CloudStack(
    endpoint=os.environ["CLOUDSTACK_ENDPOINT"],
    key=os.environ["CLOUDSTACK_KEY"],
    secret=os.environ["CLOUDSTACK_SECRET"],
    poll_interval=0.2,
    job_timeout=60,
)
zone = api.listZones(fetch_list=True)[0]
template = api.listTemplates(templatefilter="executable", fetch_list=True)[0]
offering = next(o for o in api.listServiceOfferings(fetch_list=True) if o["name"] == "Tiny Instance")
machine = api.deployVirtualMachine(
    zoneid=zone["id"],
    templateid=template["id"],
    serviceofferingid=offering["id"],
    name="from-cs",
    details=[{"a": "b"}],
    tags=[{"key": "made-by", "value": "cs & co"}],
    fetch_result=True,
)["virtualmachine"]
listed = api.listVirtualMachines(id=machine["id"], fetch_list=True)
tagged = api.listVirtualMachines(tags=[{"key": "made-by", "value": "cs & co"}], fetch_list=True)
stopped = api.stopVirtualMachine(id=machine["id"], forced=True, fetch_result=True)["virtualmachine"]
destroyed = api.destroyVirtualMachine(id=machine["id"], expunge=True, fetch_result=True)
try:
    api.listVirtualMachines(id="00000000-0000-0000-0000-000000000000", method="post")
    api.stopVirtualMachine(id="00000000-0000-0000-0000-000000000000")
    error = None
except CloudStackApiException as problem:
    error = str(problem.error["errortext"])
print(
    json.dumps(
        {
            "deployed": machine["state"],
            "address": machine["nic"][0]["ipaddress"],
            "listed": len(listed),
            "tagged": len(tagged),
            "stopped": stopped["state"],
            "destroyed": sorted(destroyed),
            "left": len(api.listVirtualMachines(id=machine["id"], fetch_list=True)),
            "error": error,
        }
    )
)
